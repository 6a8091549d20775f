# SPDX-License-Identifier: MIT
# Asks the completion of `ambit` for bash what may follow: complete.bash FILE, in a folder of its own.
# shellcheck disable=SC1090
source "$1" || exit 1
dir=$(mktemp -d "${TMPDIR:-/tmp}/ambit-complete.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
touch one.amb two.amb other.txt 'with space.amb' p.so
mkdir sub
compopt() { :; } # only works while the shell completes
bad=0
try() { # try 'WORDS...' EXPECTED: the last word is being completed; expected: a pattern of all, sorted, joined by |
    local -a COMP_WORDS
    eval "COMP_WORDS=($1)"
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
    _ambit ambit "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    local got
    got=$(printf '%s\n' "${COMPREPLY[@]}" | sort -u | paste -sd '|')
    # shellcheck disable=SC2053
    [[ $got == $2 ]] && return
    bad=1
    printf '%s\n  gives %s\n  not   %s\n' "$1" "$got" "$2"
}
export LC_ALL=C
try 'ambit --al' '--allow|--allow-declared'
try 'ambit o' 'one.amb'
try 'ambit w' 'with space.amb'
try 'ambit ch' 'check'
try 'ambit ""' '*|check|*|one.amb|*|sub|two.amb|*' # which commands there are: words.sh
try 'ambit check t' 'two.amb'
try 'ambit check --js' '--json'
try 'ambit --profile w' 'workspace'
try 'ambit --profile = w' 'workspace'
try 'ambit --profile = p' 'pure'
try 'ambit --provider ""' 'fs=memory|net=memory|p.so'
try 'ambit --policy ot' 'other.txt'
try 'ambit --fuel ""' ''
try 'ambit --fuel 3 on' 'one.amb'
try 'ambit --fuel = 3 on' 'one.amb'
try 'ambit one.amb ot' 'other.txt'
try 'ambit one.amb --al' ''
try 'ambit -e code ot' 'other.txt'
try 'ambit help gr' 'grant|grants'
exit $bad
