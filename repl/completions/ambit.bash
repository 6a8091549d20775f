# SPDX-License-Identifier: MIT
# Completion of the command `ambit` for bash. What follows a script's name is the script's: files.

_ambit_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2"); }
_ambit_files() { # scripts and directories
    local f
    COMPREPLY=()
    while IFS= read -r f; do COMPREPLY+=("$f"); done < <(compgen -d -- "$1"; compgen -f -X '!*.amb' -- "$1")
}

_ambit() {
    local cur=$2 options commands word before i
    options='--allow --policy -y --allow-declared --deny-all --profile --audit --suggest --provider
        --max-memory --max-tasks --fuel --timeout --cpu-profile --gc-stats --color --no-color --seed
        --virtual-time --json --stress --wire --chaos --chaos-fails -e --eval -h --help -V --version'
    commands='check eval caps grant grants revoke dis new provider help version'
    compopt -o filenames 2>/dev/null
    before=
    word=
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --allow | --policy | --profile | --audit | --provider | --max-memory | --max-tasks | --fuel | --timeout | \
            --cpu-profile | --seed | --chaos | --chaos-fails)
            if [[ ${COMP_WORDS[i + 1]} == = ]]; then ((i++)); fi
            if ((i + 1 >= COMP_CWORD)); then before=${COMP_WORDS[i]}; [[ $before != = ]] || before=${COMP_WORDS[i - 1]}; fi
            ((i++)) ;;
        -e | --eval) # code, then arguments
            mapfile -t COMPREPLY < <(((i + 1 < COMP_CWORD)) && compgen -f -- "$cur")
            return ;;
        -*) ;;
        *)  if [[ -z $word ]]; then word=${COMP_WORDS[i]}; fi ;;
        esac
    done
    [[ $cur != = ]] || cur=
    case $before in
    --profile) _ambit_words 'pure workspace' "$cur"; return ;;
    --provider) _ambit_words 'fs=memory net=memory' "$cur"
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -X '!*.so' -- "$cur"); return ;;
    --policy | --audit | --cpu-profile) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    ?*) COMPREPLY=(); return ;;
    esac
    if [[ -z $word ]]; then
        if [[ $cur == -* ]]; then _ambit_words "$options" "$cur"; return; fi
        _ambit_files "$cur"
        [[ -z $cur || $cur == */* ]] ||
            mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$commands" -- "$cur")
        [[ -n $cur ]] || mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$commands")
        return
    fi
    case $word in
    check | eval | caps | grant | revoke | dis)
        if [[ $cur == -* ]]; then _ambit_words "$options" "$cur"; else _ambit_files "$cur"; fi ;;
    new) _ambit_words 'provider host' "$cur" ;;
    provider) _ambit_words 'describe check --json --markdown --script --make --without' "$cur"
        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$cur") ;;
    help) _ambit_words "run $commands" "$cur" ;;
    grants | version) COMPREPLY=() ;;
    *) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    esac
}
complete -F _ambit ambit
