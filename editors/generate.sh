#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes the Vim syntax file to standard output from the compiler's list of words and the prelude:
#   generate.sh SRCDIR          --check FILE as second and third argument compares instead
src=$1
words() { sed -n "s/^WORD(\"\([a-z]*\)\", [A-Z]*, $1).*/\1/p" "$src/compiler/lexer_words.def" | tr '\n' ' '; }
prelude() {
    sed -n 's/^ *FUNCTION\(_REST\|_CORE\)*("\([A-Za-z_]*\)".*/\2/p' "$src/vm/lib_prelude.c"
    grep -o 'X([A-Z_]*, "[A-Za-z]*")' "$src/vm/native.h" | sed 's/.*"\(.*\)".*/\1/'
}
make_it() {
    cat <<END
" Vim syntax of Ambit. Made by editors/generate.sh; do not edit.
if exists('b:current_syntax')
  finish
endif
syn keyword ambitKeyword $(words HARD | sed 's/\b\(true\|false\|nil\|self\) //g')
syn keyword ambitSoft $(words SOFT)
syn keyword ambitConstant nil true false self done
syn keyword ambitPrelude $(prelude | sort -u | tr '\n' ' ')
syn match ambitNumber '\<\d[0-9_]*\(\.\d[0-9_]*\)\?\([eE][-+]\?\d\+\)\?\>'
syn match ambitNumber '\<0[xX][0-9a-fA-F_]\+\>\|\<0[oO][0-7_]\+\>\|\<0[bB][01_]\+\>'
syn match ambitEscape contained '\\\(x\x\x\|u{\x\+}\|.\)'
syn region ambitExpr contained matchgroup=ambitEscape start='\${' end='}' contains=TOP
syn region ambitString start='"' end='"' skip='\\.' oneline contains=ambitEscape,ambitExpr
syn region ambitString start='"""' end='"""' contains=ambitEscape,ambitExpr
syn region ambitString start="'" end="'" skip='\\.' oneline contains=ambitEscape
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
END
}
if [ "$2" = --check ]; then
    make_it | cmp -s - "$3" || { echo "$3 is not what editors/generate.sh makes"; exit 1; }
else
    make_it
fi
