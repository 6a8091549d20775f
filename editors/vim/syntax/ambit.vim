" Vim syntax of Ambit. Made by editors/generate.sh; do not edit.
if exists('b:current_syntax')
  finish
endif
syn keyword ambitKeyword and as break catch class continue defer else enum finally fn for group if import in is let loop match not or private pub return select spawn super throw try var while within yield 
syn keyword ambitSoft after args from get init need open set static test use value with 
syn keyword ambitConstant nil true false self done
syn keyword ambitPrelude CancelledError CapabilityError DecodeError DivisionError Err Error Exit IOError IndexError KeyError LimitError MatchError NameError Ok OverflowError ProviderDied StateError TimeoutError TypeError ValueError abs all any assert bool bytes channel enumerate eprint float freeze int list lock map max min print range reversed round same set sleep sorted string sum task_local tuple type zip 
syn match ambitNumber '\<\d[0-9_]*\(\.\d[0-9_]*\)\?\([eE][-+]\?\d\+\)\?\>'
syn match ambitNumber '\<0[xX][0-9a-fA-F_]\+\>\|\<0[oO][0-7_]\+\>\|\<0[bB][01_]\+\>'
syn match ambitEscape contained '\\(x\x\x\|u{\x\+}\|.\)'
syn region ambitExpr contained matchgroup=ambitEscape start='${' end='}' contains=TOP
syn region ambitString start='"' end='"' skip='\.' oneline contains=ambitEscape,ambitExpr
syn region ambitString start='"""' end='"""' contains=ambitEscape,ambitExpr
syn region ambitString start="'" end="'" skip='\.' oneline contains=ambitEscape
syn region ambitString start="'''" end="'''" contains=ambitEscape
syn region ambitString start='\<r"' end='"' oneline
syn region ambitString start="\<r'" end="'" oneline
syn match ambitComment '#.*$'
syn match ambitDoc '##.*$'
hi def link ambitKeyword Keyword
hi def link ambitSoft Keyword
hi def link ambitConstant Constant
hi def link ambitPrelude Function
hi def link ambitNumber Number
hi def link ambitEscape SpecialChar
hi def link ambitString String
hi def link ambitComment Comment
hi def link ambitDoc SpecialComment
let b:current_syntax = 'ambit'
