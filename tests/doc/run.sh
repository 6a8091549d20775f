#!/bin/sh
# SPDX-License-Identifier: MIT
# Does what a guide tells its reader to do: run.sh SRCDIR BUILDDIR [-v] GUIDE.md...
#
# Each guide is followed from its first to its last line in an empty folder:
#
#   ```c file=pair.c          the block is written to that file ("file=" in any language; again: replaces it)
#   ```c append=pair.c        the block is added to the end of the file
#   ```console                lines that begin with "$ " are run by the shell, each must print exactly the lines
#                             behind it, errors included; a line "..." stands for any number of lines; lines that
#                             begin with "> " continue the command
#   ```console-fail           the same, the last command must fail
#
# A command that fails where that is not said is a mistake. Other blocks are not looked at; those that are
# called `ambit` are the business of tests/runner.c, so a script with a file name is called `ambit-fragment`.
# Before a guide is followed, `pkg-config --cflags|--libs ambit` and the command `ambit` are made to lead to the build
# directory, unless INSTALLED=1 says that they lead where they should.
src=$1 build=$2
shift 2
verbose=
if [ "$1" = -v ]; then
    verbose=yes
    shift
fi
passed=0 failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/ambit-doc.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL

if [ "$INSTALLED" != 1 ]; then
    san=$(sed -n 's/^BASE *[:?]*= *//p' "$build/config.mak" | tr ' ' '\n' | grep -e '^-fsanitize' | tr '\n' ' ')
    libs=$(sed -n 's/^UV_STATIC *= *//p; s/^LIBS *= *//p' "$build/config.mak" | tr '\n' ' ')
    mkdir "$work/bin"
    cat >"$work/bin/pkg-config" <<END
#!/bin/sh
for w; do
    case \$w in
    --cflags) echo "-I$src/include $san" ;;
    --libs) echo "$build/libambit.a $san $libs -lpthread" ;;
    ambit | --exists) ;;
    *) echo "pkg-config: only ambit is known here, not \$w" >&2; exit 1 ;;
    esac
done
END
    chmod +x "$work/bin/pkg-config"
    PATH=$work/bin:$build:$PATH
    export PATH
fi

# The steps of a guide as files N.file, N.append (first line: the path), N.console and N.fail, and their lines.
split() {
    awk -v to="$2/" '
        /^```/ {
            if (open) {
                close(out)
                open = 0
                next
            }
            open = 1
            kind = ""
            info = substr($0, 4)
            if (info == "console") kind = "console"
            else if (info == "console-fail") kind = "fail"
            else if (match(info, / (file|append)=[^ ]+/)) {
                split(substr(info, RSTART + 1, RLENGTH - 1), part, "=")
                kind = part[1]
            }
            out = "/dev/null"
            if (kind != "") {
                out = to sprintf("%03d", ++n) "." kind
                printf "" > out
                print NR > (to sprintf("%03d", n) ".line")
                close(to sprintf("%03d", n) ".line")
                if (kind == "file" || kind == "append") print part[2] > out
            }
            next
        }
        open { print > out }' "$1"
}

# Whether the output is what was shown: matches SHOWN GOT
matches() {
    awk '
        NR == FNR { shown[++ns] = $0; next }
        { got[++ng] = $0 }
        function fits(i, j,    k) { # shown from i on stands for got from j on
            for (; i <= ns; i++) {
                if (shown[i] == "...") {
                    for (k = j; k <= ng + 1; k++) if (fits(i + 1, k)) return 1
                    return 0
                }
                if (j > ng || shown[i] != got[j]) return 0
                j++
            }
            return j > ng
        }
        END { exit !fits(1, 1) }' "$1" "$2"
}

wrong() { # GUIDE LINE WHAT
    failed=$((failed + 1))
    echo "$1:$2: $3"
}

# One block of commands.
console() { # GUIDE LINE FILE FAILS
    rm -f "$work/commands" "$work"/cmd.* "$work"/shown.*
    awk -v to="$work/" '
        /^\$ / { n++; print substr($0, 3) > (to "cmd." n); printf "" > (to "shown." n); next }
        /^> / && n { print substr($0, 3) > (to "cmd." n); next }
        n { print > (to "shown." n) }
        END { print n + 0 > (to "commands") }' "$3"
    count=$(cat "$work/commands") i=1
    [ "$count" -gt 0 ] || wrong "$1" "$2" "no command in this block"
    while [ $i -le "$count" ]; do
        timeout 120 sh -e "$work/cmd.$i" >"$work/got" 2>&1 </dev/null
        st=$?
        must_fail=
        [ "$4" = yes ] && [ $i -eq "$count" ] && must_fail=yes
        if ! matches "$work/shown.$i" "$work/got"; then
            wrong "$1" "$2" "\`$(head -n 1 "$work/cmd.$i")\` prints (< shown, > got)"
            diff "$work/shown.$i" "$work/got" | head -n 40
        elif [ -n "$must_fail" ] && [ $st -eq 0 ]; then wrong "$1" "$2" "\`$(cat "$work/cmd.$i")\` succeeds"
        elif [ -z "$must_fail" ] && [ $st -ne 0 ]; then wrong "$1" "$2" "\`$(cat "$work/cmd.$i")\` ends with status $st"
        else
            passed=$((passed + 1))
            [ -z "$verbose" ] || echo "ok $1:$2: $(head -n 1 "$work/cmd.$i")"
        fi
        i=$((i + 1))
    done
}

for guide; do
    name=${guide#"$src"/}
    steps=$work/steps room=$work/room
    rm -rf "$steps" "$room"
    mkdir "$steps" "$room"
    split "$guide" "$steps"
    cd "$room" || exit 2
    for step in "$steps"/*; do
        case $step in
        *.line | *'*') continue ;;
        esac
        line=$(cat "${step%.*}.line")
        case $step in
        *.console) console "$name" "$line" "$step" no ;;
        *.fail) console "$name" "$line" "$step" yes ;;
        *)
            path=$(head -n 1 "$step")
            case $path in
            /* | *..*) wrong "$name" "$line" "$path is not beneath the reader's folder" ; continue ;;
            esac
            mkdir -p "$(dirname "$path")"
            case $step in
            *.append) tail -n +2 "$step" >>"$path" ;;
            *) tail -n +2 "$step" >"$path" ;;
            esac ;;
        esac
    done
    cd "$src" || exit 2
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
