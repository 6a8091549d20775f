#!/bin/sh
# SPDX-License-Identifier: MIT
# words.sh SRCDIR: every option and command that the command line knows is in its help, in the manual page
# and in the completions. Status 1, with a line for each that is missing.
src=$1
options=$(sed -n '/^static int take_option/,/^int main/p' "$src/repl/main.c" | grep -o 'IS("-[^"]*")' | sed 's/IS("\(.*\)")/\1/' |
    sort -u)
commands=$(sed -n '/} commands\[\] = {/,/^};/p' "$src/repl/main.c" | grep -o '{"[a-z]*"' | tr -d '{"' | sort -u)
bad=0
missing() {
    echo "$1 is not in $2"
    bad=1
}
if [ "$(echo "$options" | wc -l)" -lt 20 ] || [ "$(echo "$commands" | wc -l)" -lt 8 ]; then
    missing "what to look for" repl/main.c
fi
bash=$src/repl/completions/ambit.bash zsh=$src/repl/completions/_ambit man=$src/doc/man/ambit.1
page=$(sed 's/\\-/-/g; s/\\f.//g' "$man")
for o in $options; do
    grep -qw -e "$o" "$src/repl/help.c" || missing "$o" repl/help.c
    grep -qw -e "$o" "$bash" || missing "$o" "$bash"
    grep -qw -e "$o" "$zsh" || missing "$o" "$zsh"
    echo "$page" | grep -qw -e "$o" || missing "$o" "$man"
done
for c in $commands; do
    grep -q -e "{\"$c\", \"ambit " "$src/repl/help.c" || missing "$c" repl/help.c
    grep -qw -e "commands=.*$c" "$bash" || missing "the command $c" "$bash"
    grep -q -e "'$c:" "$zsh" || missing "the command $c" "$zsh"
    echo "$page" | grep -qE "^\.(B|BI|BR) $c( |\$)" || missing "the command $c" "$man"
done
exit $bad
