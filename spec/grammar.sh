#!/bin/sh
# SPDX-License-Identifier: MIT
# Writes spec/grammar.md to standard output, from the parser's grammar: grammar.sh GRAMMAR.Y
# `--check GRAMMAR.MD` compares instead: what is committed must be what the parser does.
# Left recursion becomes { }, empty alternatives [ ], token names their text; rules that are
# there only to recognise mistakes are left out.
src=$1
make_it() {
cat <<'EOF'
# Grammar

This chapter is normative, and made from `compiler/grammar.y` by `spec/grammar.sh`; do not edit it.

**[grammar.notation]** `"x"` is a token with that text, a name in capitals a token of
[lexical.md](lexical.md), any other name a rule of this grammar. `[ a ]` is a or nothing, `{ a }` any
number of a, `a | b` a choice. `SEP` is a newline that ends a statement, or `;`. `STRING_PART` stands for
the pieces of a string with interpolations, from quote to `${` and from `}` to `${` or quote; `NAME`
behind `.` and `?.` is any word.
```ambit
;
print(1);;print(2)
# expect: 1
# expect: 2
```

**[grammar.precedence]** Operators bind in this order, the loosest first; those of a line bind alike. The
grammar below leaves it out: `operation binary operation` is read by this table.

EOF
awk '
BEGIN {
    n = split("SEP SEP ID NAME INT INT FLOAT FLOAT STRING STRING BYTES BYTES AUG ASSIGN_OP " \
        "IHEAD STRING_PART IMID STRING_PART ITAIL STRING_PART SPEC FORMAT_SPEC " \
        "SPECHEAD FORMAT_SPEC SPECMID FORMAT_SPEC SPECTAIL FORMAT_SPEC", a, " ")
    for (i = 1; i < n; i += 2) text[a[i]] = a[i + 1]
    n = split("LB { LBLOCK { RB } LP ( RP ) LBRACKET [ RBRACKET ] QBRACKET ?[ COMMA , COLON : " \
        "DOT . QDOT ?. QMARK ? ELLIPSIS ... DOTDOT .. DOTDOTEQ ..= ARROW => RARROW -> ASSIGN = " \
        "EQ == NE != LT < LE <= GT > GE >= QQ ?? PLUS + MINUS - STAR * SLASH / FLOOR // " \
        "PERCENT % POW ** PLUSW +% MINUSW -% STARW *% AMP & PIPE | CARET ^ TILDE ~ SHL << " \
        "SHR >> USHR >>>", a, " ")
    for (i = 1; i < n; i += 2) text[a[i]] = "\"" a[i + 1] "\""
    text["NOTIN"] = "\"not in\""; text["ISNOT"] = "\"is not\""; text["UMINUS"] = "unary \"-\""
    n = split("stmts statements stmt statement decl declaration cmods class_words priv ctor_private " \
        "loopst loop cond condition simple short_statement jump jump ojump open_jump " \
        "lblock block modname module_name aspart as_name withpart with_part needs needs " \
        "upath use_path forpart for_rights word any_word akey keyword mname member_name " \
        "params parameters params1 parameters1 param parameter ann annotation ret result_type " \
        "abody arrow_body cparams class_parameters cparam class_parameter super parent " \
        "cbody class_body mods member_words enumitems enum_items enumitem enum_item " \
        "op operation post chain prim primary args arguments args1 arguments1 arg argument " \
        "paren parenthesized pitems paren_items pitem paren_item exprs expressions " \
        "expr expression ops operations ifs ifs istr interpolated ihead interpolated_start " \
        "arms arms armbody arm_body asep arm_separator esep item_separator sarms select_arms " \
        "sarm select_arm pats patterns pat pattern apat alternatives ppat single_pattern " \
        "plit pattern_literal pargs pattern_parts parg pattern_part mpats map_patterns " \
        "mpats1 map_patterns1 mpat map_pattern ellname rest_name adecls arg_declarations " \
        "adecl arg_declaration adef arg_default entries1 entries1 types1 types1", a, " ")
    for (i = 1; i < n; i += 2) text[a[i]] = a[i + 1]
    text["lbr"] = "\"{\""
    # Rules whose action is to report a mistake.
    n = split("ambbuild_let_list|ambbuild_assign_cond|ambbuild_equals_arg|ambbuild_colon_slice|MOD_PUB", refusing, "|")
    refused["stmt ::= LET pat ann"]; refused["stmt ::= PUB VAR pat ann ASSIGN expr"]
    level = 0
}
function shown(sym) {
    if (sym in text) return text[sym]
    if (sym ~ /^[A-Z]+$/) return "\"" tolower(sym) "\""
    return sym
}
/^%(left|right|nonassoc) / {
    if ($2 == "LOW." || $2 == "LB." || $2 == "QMARK.") next
    line = ""
    for (i = 2; i <= NF; i++) {
        sub(/\.$/, "", $i)
        binds[$i] = 1
        line = line " `" shown($i) "`"
        gsub(/`"|"`/, "`", line)
    }
    gsub(/`unary "-`|`unary "-"`/, "unary `-`", line)
    if ($2 == "TILDE" || $2 == "UMINUS") sub(/`~`/, "unary `~`", line)
    how = $1 == "%left" ? "from the left" : $1 == "%right" ? "from the right" : "not with each other"
    if ($2 == "NOT" || $2 == "UMINUS") how = "prefix"
    if ($2 == "EQ") how = "not with each other"
    if (!level++) print "| operators | group |\n| --- | --- |"
    gsub(/\|`/, "\\|`", line)
    print "|" line " | " how " |"
    next
}
/^\/\* ---- / {
    s = $0
    sub(/^\/\* ---- /, "", s); sub(/[;:].*/, "", s); sub(/ *\*\/.*/, "", s)
    heading = s
    next
}
/^[a-z][a-z0-9]*(\([A-Z]\))? ::=/ {
    lhs = $1; sub(/\(.*/, "", lhs)
    rhs = $0; sub(/^[^=]*::= */, "", rhs)
    match(rhs, /\./)
    rest = substr(rhs, RSTART + 1)
    rhs = substr(rhs, 1, RSTART - 1)
    gsub(/\([A-Z]\)/, "", rhs)
    gsub(/ +/, " ", rhs); sub(/^ /, "", rhs); sub(/ $/, "", rhs)
    pending = 0
    if (rest !~ /\{/) pending = 1
    else keep(rest)
    next
}
pending && /^ +\{/ { keep($0); pending = 0 }
function keep(action,    i, words, k, bare, name) {
    if ((lhs " ::= " rhs) in refused) return
    for (i in refusing) if (index(action, refusing[i])) return
    k = split(rhs, words, " ")
    for (i = 1; i <= k; i++)
        if (words[i] == "error" || words[i] == "bad" || words[i] == "abad" || words[i] == "mbad") return
    if (lhs == "bad" || lhs == "abad" || lhs == "mbad" || lhs == "lblock" || lhs == "lbr") return
    if (lhs == "op" && k == 3 && words[1] == "op" && words[3] == "op") {
        binary = binary (binary == "" ? "" : " | ") shown(words[2])
        if (binary_seen++) return
        rhs = "op BINARY op"; text["BINARY"] = "binary"; k = split(rhs, words, " ")
    }
    if (!(lhs in count)) { order[++rules] = lhs; count[lhs] = 0; under[lhs] = heading }
    bare = ""
    for (i = 1; i <= k; i++) bare = bare (i > 1 ? " " : "") shown(words[i])
    name = shown(lhs)
    for (i = 1; i <= count[lhs]; i++) if (alt[lhs, i] == bare) return
    alt[lhs, ++count[lhs]] = bare
}
# Joins alternatives with |; one that begins with another one becomes a [ rest ].
function join(list, n,    i, j, out, gone) {
    for (i = 1; i <= n; i++)
        for (j = 1; j <= n; j++)
            if (i != j && !(i in gone) && !(j in gone) && list[i] != "" &&
                index(list[j], list[i] " ") == 1 && list[j] !~ /\|/) {
                list[i] = list[i] " [ " substr(list[j], length(list[i]) + 2) " ]"
                gone[j] = 1
                j = 0
            }
    out = ""
    for (i = 1; i <= n; i++)
        if (!(i in gone)) out = out (out == "" ? "" : " | ") list[i]
    return out
}
function several(s) { return s ~ / \| / }
# Alternatives at the outermost level: of their own lines, or filled when all are short.
function wrap(name, body, end,    line, words, n, i, depth, parts, m, short) {
    line = name (name == "" ? "" : " = ") body end
    if (length(line) <= 98) { print line; return }
    n = split(body, words, " ")
    m = 1; depth = 0; parts[1] = ""; short = 1
    for (i = 1; i <= n; i++) {
        if (words[i] ~ /^[[({]$/) depth++
        if (words[i] ~ /^[])}]$/) depth--
        if (words[i] == "|" && !depth) { m++; parts[m] = ""; continue }
        parts[m] = parts[m] (parts[m] == "" ? "" : " ") words[i]
    }
    if (m == 1) { # ( a | b ) { c | d }: its two halves
        print name " ="
        i = index(body, " ) { ")
        if (i) { print "    " substr(body, 1, i + 1); print "    " substr(body, i + 3) end }
        else print "    " body end
        return
    }
    for (i = 1; i <= m; i++) if (length(parts[i]) > 20) short = 0
    print name " ="
    line = "     "
    for (i = 1; i <= m; i++) {
        if (!short || length(line " | " parts[i]) > 94) {
            if (line !~ /^ *$/) print line
            line = "   " (i > 1 ? "" : "  ")
        }
        line = line (i > 1 ? " | " : " ") parts[i]
    }
    print line end
}
END {
    last = ""
    open = 0
    under["program"] = "statements"
    for (r = 1; r <= rules; r++) {
        lhs = order[r]; name = shown(lhs)
        nb = nr = 0; empty = 0
        split("", base); split("", tail)
        for (i = 1; i <= count[lhs]; i++) {
            s = alt[lhs, i]
            if (s == "") empty = 1
            else if (index(s, name " ") == 1 && name != "operation") tail[++nr] = substr(s, length(name) + 2)
            else base[++nb] = s
        }
        b = join(base, nb)
        if (nr) {
            t = join(tail, nr)
            if (b != "") b = empty ? "[ " b " ] " : several(b) ? "( " b " ) " : b " "
            b = b "{ " t " }"
        } else if (empty) {
            b = "[ " b " ]"
        }
        h = under[lhs]
        if (h != last) {
            if (open) print "```"
            print "\n## " toupper(substr(h, 1, 1)) substr(h, 2) "\n\n```"
            open = 1
            last = h
        }
        wrap(name, b, " ;")
        if (lhs == "op") wrap("binary", binary, " ;")
    }
    print "```"
}
' "$src"
}
case $2 in
--check)
    make_it | diff -u "$3" - >&2 && exit 0
    echo "$3 is not what spec/grammar.sh makes of $1" >&2
    exit 1 ;;
*)  make_it ;;
esac
