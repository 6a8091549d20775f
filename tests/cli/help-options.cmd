# Every option that the command takes is told about by `ambit help run`.
t=$(mktemp); ambit help run >$t
grep -o 'IS("-[-a-z]*")' repl/main.c | sed 's/IS("//; s/")//' | sort -u | while read -r o; do
    case $o in --json) ambit help caps | grep -q -e "$o" || echo "missing: $o" ;;
    *) grep -q -e "$o" $t || echo "missing: $o" ;; esac
done
grep -c -e '--' $t | awk '{ print ($1 > 15 ? "options are told" : "too few") }'
rm $t
