/* SPDX-License-Identifier: MIT */
/* The grammar of Ambit, LALR(1) without conflicts. Actions only build nodes (parse_build.h);
 * some rules accept what other languages write so that the message can say what to write
 * instead. `bad` rules are where parsing starts afresh after a mistake. */
%name ambgrammar
%token_prefix TOK_
%token_type { struct amb_token }
%default_type { struct amb_node * }
%extra_argument { struct amb_parser *p }
%stack_size 2000
%include {
#include <assert.h>
#include <stddef.h>
#include <string.h>
#include "parse_build.h"
}
%code {
size_t ambgrammar_size(void) { return sizeof(yyParser); }
/* Lets the next mistake be reported even when it follows closely. */
void ambgrammar_settle(void *parser) { ((yyParser *)parser)->yyerrcnt = -1; }
}
/* Goes back to where a statement may stand right here, so that the token at fault is dropped:
 * what the parser sees next is for the lexer to find (amblexer_resync). */
%syntax_error {
    ambbuild_syntax_error(p, yymajor, &TOKEN);
    for (;;) {
        YYACTIONTYPE action = yy_find_reduce_action(yypParser->yytos->stateno, YYERRORSYMBOL);
        if (action <= YY_MAX_SHIFTREDUCE) {
            yy_shift(yypParser, action, YYERRORSYMBOL, TOKEN);
            break;
        }
        if (yypParser->yytos == yypParser->yystack)
            break;
        yy_pop_parser_stack(yypParser);
    }
}
%stack_overflow { ambbuild_too_deep(p); }

%nonassoc LOW.
%nonassoc LB.
%left OR.
%left AND.
%right NOT.
%left EQ NE LT LE GT GE IN NOTIN IS ISNOT.
%right QQ.
%nonassoc DOTDOT DOTDOTEQ.
%left PIPE.
%left CARET.
%left AMP.
%left SHL SHR USHR.
%left PLUS MINUS PLUSW MINUSW.
%left STAR SLASH FLOOR PERCENT STARW.
%right UMINUS TILDE.
%right POW.
%left QMARK.

/* Kinds without a rule of their own. */
%token BAD.

%type stmts { struct amb_nodes * }
%type name { struct amb_token }
%type akey { struct amb_token }
%type mname { struct amb_token }
%type word { struct amb_token }
%type modname { struct amb_token }
%type params { struct amb_fn * }
%type params1 { struct amb_fn * }
%type param { struct amb_param * }
%type cparam { struct amb_member * }
%type cparams { struct amb_member * }
%type header { struct amb_member * }
%type super { struct amb_node * }
%type members { struct amb_member * }
%type member { struct amb_member * }
%type method { struct amb_member * }
%type cbody { struct amb_member * }
%type mods { struct amb_mods }
%type cmods { struct amb_mods }
%type enumitems { struct amb_member * }
%type enumitem { struct amb_member * }
%type exprs { struct amb_nodes * }
%type ops { struct amb_nodes * }
%type args { struct amb_nodes * }
%type args1 { struct amb_nodes * }
%type pitems { struct amb_nodes * }
%type items { struct amb_nodes * }
%type entries { struct amb_nodes * }
%type entries1 { struct amb_nodes * }
%type types { struct amb_nodes * }
%type types1 { struct amb_nodes * }
%type arms { struct amb_nodes * }
%type sarms { struct amb_nodes * }
%type pargs { struct amb_nodes * }
%type mpats { struct amb_nodes * }
%type mpats1 { struct amb_nodes * }
%type ihead { struct amb_interp * }
%type specs { struct amb_interp * }
%type catches { struct amb_nodes * }
%type ifs { struct amb_node * }
%type withpart { struct amb_nodes * }
%type imports { struct amb_import * }
%type aspart { struct amb_as }
%type forpart { struct amb_words * }
%type rights { struct amb_words * }
%type upath { struct amb_use_path * }
%type adecls { struct amb_arg_list * }
%type adecl { struct amb_arg_decl * }
%type adef { struct amb_arg_decl * }
%type needs { struct amb_nodes * }
%type pats { struct amb_nodes * }
%type lbr { struct amb_token }
%type ellname { struct amb_token }

%start_symbol program
program ::= stmts(B). { ambbuild_program(p, B); }

/* ---- statements; SEP is a newline or ; */
stmts(A) ::= . { A = ambbuild_list(p); }
stmts(A) ::= stmt(B). { A = ambbuild_push_stmt(p, ambbuild_list(p), B); }
stmts(A) ::= stmts(B) SEP. { A = B; }
stmts(A) ::= stmts(B) SEP stmt(C). { A = ambbuild_push_stmt(p, B, C); }
stmts(A) ::= stmts(B) bad(C). { A = ambbuild_push_bad(p, B, C); }

stmt(A) ::= bad(B). { A = B; }
bad(A) ::= error. { A = ambbuild_bad(p); }
bad(A) ::= bad(B) LB stmts(C) RB. { A = ambbuild_bad_body(p, B, C); }
bad(A) ::= bad(B) LBLOCK stmts(C) RB. { A = ambbuild_bad_body(p, B, C); }
bad(A) ::= bad(B) ELSE block(C). { A = ambbuild_bad_block(p, B, C); }
bad(A) ::= bad(B) ELSE IF op block(C). { A = ambbuild_bad_block(p, B, C); }
bad(A) ::= bad(B) CATCH block(C). { A = ambbuild_bad_block(p, B, C); }
bad(A) ::= bad(B) CATCH name ann block(C). { A = ambbuild_bad_block(p, B, C); }
bad(A) ::= bad(B) FINALLY block(C). { A = ambbuild_bad_block(p, B, C); }

stmt(A) ::= simple(B). { A = B; }
stmt(A) ::= op(B) COMMA ops(C) ASSIGN exprs(D). { A = ambbuild_assign_many(p, B, C, D); }
stmt(A) ::= RETURN(T) op(B) COMMA exprs(C).
    { A = ambbuild_jump_many(p, NODE_RETURN, &T, B, C); }
stmt(A) ::= YIELD(T) expr(B) COMMA exprs(C).
    { A = ambbuild_jump_many(p, NODE_YIELD, &T, B, C); }
stmt(A) ::= LET(T) pat(B) ann(C) ASSIGN expr(D). { A = ambbuild_let(p, &T, B, C, D, false); }
stmt(A) ::= VAR(T) pat(B) ann(C) ASSIGN expr(D). { A = ambbuild_let(p, &T, B, C, D, false); }
stmt(A) ::= VAR(T) pat(B) ann(C). { A = ambbuild_let(p, &T, B, C, NULL, false); }
stmt(A) ::= LET(T) pat(B) ann(C). { A = ambbuild_let(p, &T, B, C, NULL, false); }
stmt(A) ::= LET(T) pat COMMA pats ASSIGN exprs(D). { A = ambbuild_let_list(p, &T, D); }
stmt(A) ::= VAR(T) pat COMMA pats ASSIGN exprs(D). { A = ambbuild_let_list(p, &T, D); }
stmt(A) ::= decl(B). { A = B; }
stmt(A) ::= PUB(T) decl(B). { A = ambbuild_pub(p, &T, B); }
stmt(A) ::= PUB(T) LET(L) pat(B) ann(C) ASSIGN expr(D).
    { A = ambbuild_pub(p, &T, ambbuild_let(p, &L, B, C, D, true)); }
stmt(A) ::= PUB(T) VAR(L) pat(B) ann(C) ASSIGN expr(D).
    { A = ambbuild_pub(p, &T, ambbuild_let(p, &L, B, C, D, true)); }
stmt(A) ::= DEFER(T) simple(B). { A = ambbuild_wrap(p, NODE_DEFER, &T, B); }
stmt(A) ::= DEFER(T) lblock(B). { A = ambbuild_wrap(p, NODE_DEFER, &T, B); }
stmt(A) ::= loopst(B). { A = B; }
stmt(A) ::= name(L) COLON loopst(B). { A = ambbuild_label(p, &L, B); }
stmt(A) ::= USE(T) upath(B) forpart(C) aspart(D). { A = ambbuild_use(p, &T, B, C, D); }
stmt(A) ::= USE(T) ID(B) COMMA needs(C). { A = ambbuild_use_list(p, &T, &B, C); }
stmt(A) ::= NEED(T) needs(B). { A = ambbuild_need_list(p, &T, B); }
stmt(A) ::= NEED(T) ID(B) COLON type(C) forpart(D). { A = ambbuild_need(p, &T, &B, C, D); }
stmt(A) ::= ARGS(T) LB adecls(B) RB(E). { A = ambbuild_args(p, &T, B, &E); }
stmt(A) ::= TEST(T) STRING(S) block(B). { A = ambbuild_test(p, &T, &S, B); }
stmt(A) ::= IMPORT(T) modname(M) aspart(B) withpart(C).
    { A = ambbuild_import(p, &T, &M, B, C); }
stmt(A) ::= FROM(T) modname(M) withpart(W) IMPORT imports(B).
    { A = ambbuild_from(p, &T, &M, W, B); }

decl(A) ::= FN(T) name(N) LP params(P) RP ret(R) block(B).
    { A = ambbuild_fn_decl(p, &T, &N, P, R, B, false); }
decl(A) ::= FN(T) name(N) LP params(P) RP ret(R) ARROW abody(B).
    { A = ambbuild_fn_decl(p, &T, &N, P, R, B, true); }
decl(A) ::= cmods(M) CLASS(T) name(N) priv(V) header(H) super(S) cbody(B).
    { A = ambbuild_class(p, M, &T, &N, V != NULL, H, S, B); }
decl(A) ::= ENUM(T) name(N) LB enumitems(B) RB(E). { A = ambbuild_enum(p, &T, &N, B, &E); }
cmods(A) ::= . { memset(&A, 0, sizeof A); }
cmods(A) ::= OPEN(T). { A = ambbuild_mod(p, NULL, MOD_OPEN, &T); }
cmods(A) ::= VALUE(T). { A = ambbuild_mod(p, NULL, MOD_VALUE, &T); }
priv(A) ::= . { A = NULL; }
priv(A) ::= PRIVATE(T). { A = ambbuild_leaf(p, NODE_NIL, &T); }

loopst(A) ::= FOR(T) pat(B) IN op(C) block(D). { A = ambbuild_for(p, &T, B, C, D); }
loopst(A) ::= FOR(T) pat(B) COMMA pats(L) IN op(C) block(D).
    { A = ambbuild_for_pair(p, &T, B, L, C, D); }
loopst(A) ::= WHILE(T) cond(B) block(C). { A = ambbuild_while(p, &T, B, C); }
loopst(A) ::= LOOP(T) block(B). { A = ambbuild_while(p, &T, NULL, B); }

cond(A) ::= op(B). { A = B; }
cond(A) ::= op(B) ASSIGN(T) op. { A = ambbuild_assign_cond(p, B, &T); }

/* What may also be an arm's body: no bare tuples, `,` separates arms. */
simple(A) ::= expr(B). { A = B; }
simple(A) ::= assign(B). { A = B; }
simple(A) ::= jump(B). { A = B; }
simple(A) ::= YIELD(T) expr(B). { A = ambbuild_wrap(p, NODE_YIELD, &T, B); }
jump(A) ::= ojump(B). { A = B; }
jump(A) ::= RETURN(T) arrow(B). { A = ambbuild_wrap(p, NODE_RETURN, &T, B); }
ojump(A) ::= RETURN(T). [LOW] { A = ambbuild_wrap(p, NODE_RETURN, &T, NULL); }
ojump(A) ::= RETURN(T) op(B). [LOW] { A = ambbuild_wrap(p, NODE_RETURN, &T, B); }
ojump(A) ::= THROW(T) op(B). [LOW] { A = ambbuild_wrap(p, NODE_THROW, &T, B); }
ojump(A) ::= BREAK(T). { A = ambbuild_jump(p, NODE_BREAK, &T, NULL); }
ojump(A) ::= BREAK(T) name(L). { A = ambbuild_jump(p, NODE_BREAK, &T, &L); }
ojump(A) ::= CONTINUE(T). { A = ambbuild_jump(p, NODE_CONTINUE, &T, NULL); }
ojump(A) ::= CONTINUE(T) name(L). { A = ambbuild_jump(p, NODE_CONTINUE, &T, &L); }
assign(A) ::= op(B) ASSIGN expr(C). { A = ambbuild_assign(p, B, C); }
assign(A) ::= op(B) AUG(T) expr(C). { A = ambbuild_augment(p, B, &T, C); }

block(A) ::= LB(T) stmts(B) RB(E). { A = ambbuild_block(p, &T, B, &E); }
lblock(A) ::= LBLOCK(T) stmts(B) RB(E). { A = ambbuild_block(p, &T, B, &E); }

modname(A) ::= STRING(T). { A = ambbuild_modname(p, &T, true); }
modname(A) ::= name(T). { A = ambbuild_modname(p, &T, false); }
imports(A) ::= name(N) aspart(B). { A = ambbuild_import_name(p, NULL, &N, B); }
imports(A) ::= imports(L) COMMA name(N) aspart(B). { A = ambbuild_import_name(p, L, &N, B); }
aspart(A) ::= . { memset(&A, 0, sizeof A); }
aspart(A) ::= AS name(N). { A = ambbuild_as(&N, NULL); }
aspart(A) ::= AS name(N) QMARK(Q). { A = ambbuild_as(&N, &Q); }
withpart(A) ::= . { A = NULL; }
withpart(A) ::= WITH LB entries(B) RB. { A = B; }
needs(A) ::= ID(N). { A = ambbuild_push(p, ambbuild_list(p), ambbuild_name(p, &N)); }
needs(A) ::= needs(L) COMMA ID(N). { A = ambbuild_push(p, L, ambbuild_name(p, &N)); }
upath(A) ::= ID(N). { A = ambbuild_use_part(p, NULL, &N, NULL, NULL); }
upath(A) ::= upath(L) DOT ID(N). { A = ambbuild_use_part(p, L, &N, NULL, NULL); }
upath(A) ::= upath(L) DOT ID(N) LP args(B) RP(E).
    { A = ambbuild_use_part(p, L, &N, B, &E); }
forpart(A) ::= . { A = NULL; }
forpart(A) ::= FOR rights(B). { A = B; }
rights(A) ::= word(N). { A = ambbuild_word(p, NULL, &N); }
rights(A) ::= rights(L) COMMA word(N). { A = ambbuild_word(p, L, &N); }
word(A) ::= name(B). { A = B; }
word(A) ::= akey(B). { A = B; }

/* ---- names; the second list stands only where nothing but a key or member name can */
name(A) ::= ID(B). { A = B; }
name(A) ::= ARGS(B). { A = B; }
name(A) ::= FROM(B). { A = B; }
name(A) ::= GET(B). { A = B; }
name(A) ::= INIT(B). { A = B; }
name(A) ::= NEED(B). { A = B; }
name(A) ::= OPEN(B). { A = B; }
name(A) ::= SET(B). { A = B; }
name(A) ::= STATIC(B). { A = B; }
name(A) ::= TEST(B). { A = B; }
name(A) ::= USE(B). { A = B; }
name(A) ::= VALUE(B). { A = B; }
name(A) ::= WITH(B). { A = B; }
akey(A) ::= AND(B). { A = B; }
akey(A) ::= AS(B). { A = B; }
akey(A) ::= BREAK(B). { A = B; }
akey(A) ::= CATCH(B). { A = B; }
akey(A) ::= CLASS(B). { A = B; }
akey(A) ::= CONTINUE(B). { A = B; }
akey(A) ::= DEFER(B). { A = B; }
akey(A) ::= ELSE(B). { A = B; }
akey(A) ::= ENUM(B). { A = B; }
akey(A) ::= FALSE(B). { A = B; }
akey(A) ::= FINALLY(B). { A = B; }
akey(A) ::= FN(B). { A = B; }
akey(A) ::= FOR(B). { A = B; }
akey(A) ::= GROUP(B). { A = B; }
akey(A) ::= IF(B). { A = B; }
akey(A) ::= IMPORT(B). { A = B; }
akey(A) ::= IN(B). { A = B; }
akey(A) ::= IS(B). { A = B; }
akey(A) ::= LET(B). { A = B; }
akey(A) ::= LOOP(B). { A = B; }
akey(A) ::= MATCH(B). { A = B; }
akey(A) ::= NIL(B). { A = B; }
akey(A) ::= NOT(B). { A = B; }
akey(A) ::= OR(B). { A = B; }
akey(A) ::= PRIVATE(B). { A = B; }
akey(A) ::= PUB(B). { A = B; }
akey(A) ::= RETURN(B). { A = B; }
akey(A) ::= SELECT(B). { A = B; }
akey(A) ::= SELF(B). { A = B; }
akey(A) ::= SPAWN(B). { A = B; }
akey(A) ::= SUPER(B). { A = B; }
akey(A) ::= THROW(B). { A = B; }
akey(A) ::= TRUE(B). { A = B; }
akey(A) ::= TRY(B). { A = B; }
akey(A) ::= VAR(B). { A = B; }
akey(A) ::= WHILE(B). { A = B; }
akey(A) ::= WITHIN(B). { A = B; }
akey(A) ::= YIELD(B). { A = B; }
mname(A) ::= name(B). { A = B; }
mname(A) ::= akey(B). { A = B; }
mname(A) ::= EQ(B). { A = B; }
mname(A) ::= NE(B). { A = B; }
mname(A) ::= LT(B). { A = B; }
mname(A) ::= LE(B). { A = B; }
mname(A) ::= GT(B). { A = B; }
mname(A) ::= GE(B). { A = B; }
mname(A) ::= PLUS(B). { A = B; }
mname(A) ::= MINUS(B). { A = B; }
mname(A) ::= STAR(B). { A = B; }
mname(A) ::= SLASH(B). { A = B; }
mname(A) ::= FLOOR(B). { A = B; }
mname(A) ::= PERCENT(B). { A = B; }
mname(A) ::= POW(B). { A = B; }
mname(A) ::= AMP(B). { A = B; }
mname(A) ::= PIPE(B). { A = B; }
mname(A) ::= CARET(B). { A = B; }
mname(A) ::= TILDE(B). { A = B; }
mname(A) ::= SHL(B). { A = B; }
mname(A) ::= SHR(B). { A = B; }
mname(A) ::= USHR(B). { A = B; }
mname(A) ::= PLUSW(B). { A = B; }
mname(A) ::= MINUSW(B). { A = B; }
mname(A) ::= STARW(B). { A = B; }
mname(A) ::= LBRACKET(B) RBRACKET(C). { A = ambbuild_join(&B, &C); }
mname(A) ::= LBRACKET(B) RBRACKET ASSIGN(C). { A = ambbuild_join(&B, &C); }

/* ---- functions */
params(A) ::= . { A = ambbuild_fn(p); }
params(A) ::= params1(B). { A = B; }
params(A) ::= params1(B) COMMA. { A = B; }
params1(A) ::= param(B). { A = ambbuild_param(p, ambbuild_fn(p), B); }
params1(A) ::= params1(L) COMMA param(B). { A = ambbuild_param(p, L, B); }
param(A) ::= name(N) ann(T). { A = ambbuild_plain_param(p, &N, T, NULL, false); }
param(A) ::= name(N) ann(T) ASSIGN expr(D). { A = ambbuild_plain_param(p, &N, T, D, false); }
param(A) ::= ELLIPSIS name(N) ann(T). { A = ambbuild_plain_param(p, &N, T, NULL, true); }
param(A) ::= LP(T) pargs(B) RP(E) ann(C).
    { A = ambbuild_pattern_param(p, NODE_PAT_TUPLE, &T, B, &E, C); }
param(A) ::= LP(T) pargs(B) COMMA RP(E) ann(C).
    { A = ambbuild_pattern_param(p, NODE_PAT_TUPLE, &T, B, &E, C); }
param(A) ::= LBRACKET(T) pargs(B) RBRACKET(E) ann(C).
    { A = ambbuild_pattern_param(p, NODE_PAT_LIST, &T, B, &E, C); }
param(A) ::= LB(T) mpats(B) RB(E) ann(C).
    { A = ambbuild_pattern_param(p, NODE_PAT_MAP, &T, B, &E, C); }
ann(A) ::= . { A = NULL; }
ann(A) ::= COLON type(B). { A = B; }
ret(A) ::= . { A = NULL; }
ret(A) ::= RARROW type(B). { A = B; }
abody(A) ::= lblock(B). { A = B; }
abody(A) ::= expr(B). { A = B; }
abody(A) ::= jump(B). { A = B; }

/* ---- classes and enums */
header(A) ::= . { A = NULL; }
header(A) ::= LP(T) RP. { A = ambbuild_header(p, &T, NULL); }
header(A) ::= LP(T) cparams(B) RP. { A = ambbuild_header(p, &T, B); }
header(A) ::= LP(T) cparams(B) COMMA RP. { A = ambbuild_header(p, &T, B); }
cparams(A) ::= cparam(B). { A = ambbuild_member(NULL, B); }
cparams(A) ::= cparams(L) COMMA cparam(B). { A = ambbuild_member(L, B); }
cparam(A) ::= param(B). { A = ambbuild_class_param(p, NULL, NULL, B); }
cparam(A) ::= LET(T) param(B). { A = ambbuild_class_param(p, NULL, &T, B); }
cparam(A) ::= VAR(T) param(B). { A = ambbuild_class_param(p, NULL, &T, B); }
cparam(A) ::= PRIVATE(V) LET(T) param(B). { A = ambbuild_class_param(p, &V, &T, B); }
cparam(A) ::= PRIVATE(V) VAR(T) param(B). { A = ambbuild_class_param(p, &V, &T, B); }
super(A) ::= . { A = NULL; }
super(A) ::= COLON dotted(B). { A = B; }
super(A) ::= COLON dotted(B) LP args(C) RP(E). { A = ambbuild_call(p, B, C, &E); }
cbody(A) ::= . { A = NULL; }
cbody(A) ::= LB members(B) RB. { A = B; }
members(A) ::= . { A = NULL; }
members(A) ::= member(B). { A = ambbuild_member(NULL, B); }
members(A) ::= members(B) SEP. { A = B; }
members(A) ::= members(L) SEP member(B). { A = ambbuild_member(L, B); }
members(A) ::= members(B) mbad. { A = B; }
member(A) ::= mbad. { A = NULL; }
mbad(A) ::= error. { A = ambbuild_bad(p); }
mbad(A) ::= mbad(B) LB stmts(C) RB. { A = ambbuild_bad_body(p, B, C); }
mbad(A) ::= mbad(B) LBLOCK stmts(C) RB. { A = ambbuild_bad_body(p, B, C); }
member(A) ::= mods(M) LET(T) name(N) ann(C). { A = ambbuild_field(p, M, &T, &N, C, NULL); }
member(A) ::= mods(M) LET(T) name(N) ann(C) ASSIGN expr(D).
    { A = ambbuild_field(p, M, &T, &N, C, D); }
member(A) ::= mods(M) VAR(T) name(N) ann(C). { A = ambbuild_field(p, M, &T, &N, C, NULL); }
member(A) ::= mods(M) VAR(T) name(N) ann(C) ASSIGN expr(D).
    { A = ambbuild_field(p, M, &T, &N, C, D); }
member(A) ::= method(B). { A = B; }
member(A) ::= INIT(T) block(B). { A = ambbuild_init(p, &T, B); }
method(A) ::= mods(M) FN(T) mname(N) LP params(P) RP ret(R) block(B).
    { A = ambbuild_method(p, M, &T, &N, P, R, B, false); }
method(A) ::= mods(M) FN(T) mname(N) LP params(P) RP ret(R) ARROW abody(B).
    { A = ambbuild_method(p, M, &T, &N, P, R, B, true); }
method(A) ::= mods(M) GET(T) mname(N) ret(R) block(B).
    { A = ambbuild_getter(p, M, &T, &N, R, B, false); }
method(A) ::= mods(M) GET(T) mname(N) ret(R) ARROW abody(B).
    { A = ambbuild_getter(p, M, &T, &N, R, B, true); }
method(A) ::= mods(M) SET(T) mname(N) LP param(P) RP block(B).
    { A = ambbuild_setter(p, M, &T, &N, P, B, false); }
method(A) ::= mods(M) SET(T) mname(N) LP param(P) RP ARROW abody(B).
    { A = ambbuild_setter(p, M, &T, &N, P, B, true); }
mods(A) ::= . { memset(&A, 0, sizeof A); }
mods(A) ::= mods(B) PRIVATE(T). { A = ambbuild_mod(p, &B, MOD_PRIVATE, &T); }
mods(A) ::= mods(B) STATIC(T). { A = ambbuild_mod(p, &B, MOD_STATIC, &T); }
mods(A) ::= mods(B) PUB(T). { A = ambbuild_mod(p, &B, MOD_PUB, &T); }
enumitems(A) ::= . { A = NULL; }
enumitems(A) ::= enumitem(B). { A = ambbuild_member(NULL, B); }
enumitems(A) ::= enumitems(B) esep. { A = B; }
enumitems(A) ::= enumitems(L) esep enumitem(B). { A = ambbuild_member(L, B); }
enumitems(A) ::= enumitems(B) mbad. { A = B; }
esep ::= SEP.
esep ::= COMMA.
enumitem(A) ::= mbad. { A = NULL; }
enumitem(A) ::= ID(N). { A = ambbuild_case(p, &N, NULL, NULL); }
enumitem(A) ::= ID(N) LP params(P) RP(E). { A = ambbuild_case(p, &N, P, &E); }
enumitem(A) ::= method(B). { A = B; }
dotted(A) ::= name(N). { A = ambbuild_name(p, &N); }
dotted(A) ::= dotted(B) DOT ID(N). { A = ambbuild_member_of(p, B, &N, false); }

/* ---- types */
type(A) ::= dotted(B). { A = ambbuild_type_name(p, B); }
type(A) ::= NIL(T). { A = ambbuild_leaf(p, NODE_TYPE_NIL, &T); }
type(A) ::= FN(T). { A = ambbuild_type_fn(p, &T, NULL, NULL, NULL); }
type(A) ::= FN(T) LP types(B) RP(E). [LOW] { A = ambbuild_type_fn(p, &T, B, &E, NULL); }
type(A) ::= FN(T) LP types(B) RP(E) RARROW type(C). [LOW]
    { A = ambbuild_type_fn(p, &T, B, &E, C); }
type(A) ::= type(B) QMARK(T). { A = ambbuild_type_opt(p, B, &T); }
type(A) ::= type(B) PIPE type(C). { A = ambbuild_type_union(p, B, C); }
type(A) ::= LBRACKET(T) type(B) RBRACKET(E). { A = ambbuild_type_of(p, NODE_TYPE_LIST, &T, B, NULL, &E); }
type(A) ::= LB(T) type(B) COLON type(C) RB(E). { A = ambbuild_type_of(p, NODE_TYPE_MAP, &T, B, C, &E); }
type(A) ::= LP(T) types(B) RP(E). { A = ambbuild_type_tuple(p, &T, B, &E); }
types(A) ::= . { A = ambbuild_list(p); }
types(A) ::= types1(B). { A = B; }
types(A) ::= types1(B) COMMA. { A = B; }
types1(A) ::= type(B). { A = ambbuild_push(p, ambbuild_list(p), B); }
types1(A) ::= types1(L) COMMA type(B). { A = ambbuild_push(p, L, B); }

/* ---- expressions: op may stand left of an operator, arrows may not */
exprs(A) ::= expr(B). { A = ambbuild_push(p, ambbuild_list(p), B); }
exprs(A) ::= exprs(L) COMMA expr(B). { A = ambbuild_push(p, L, B); }
ops(A) ::= op(B). { A = ambbuild_push(p, ambbuild_list(p), B); }
ops(A) ::= ops(L) COMMA op(B). { A = ambbuild_push(p, L, B); }

expr(A) ::= op(B). { A = B; }
expr(A) ::= arrow(B). { A = B; }
arrow(A) ::= name(N) ARROW abody(B). { A = ambbuild_arrow_name(p, &N, B); }
arrow(A) ::= paren(L) ARROW(T) abody(B). { A = ambbuild_arrow(p, L, &T, B); }
arrow(A) ::= FN(T) LP params(P) RP ret(R) ARROW abody(B).
    { A = ambbuild_fn_value(p, &T, P, R, B, true); }

op(A) ::= post(B). { A = ambbuild_chain(p, B); }
op(A) ::= op(B) OR(T) op(C). { A = ambbuild_logic(p, B, &T, C); }
op(A) ::= op(B) AND(T) op(C). { A = ambbuild_logic(p, B, &T, C); }
op(A) ::= op(B) EQ(T) op(C). { A = ambbuild_compare(p, B, &T, C); }
op(A) ::= op(B) NE(T) op(C). { A = ambbuild_compare(p, B, &T, C); }
op(A) ::= op(B) LT(T) op(C). { A = ambbuild_compare(p, B, &T, C); }
op(A) ::= op(B) LE(T) op(C). { A = ambbuild_compare(p, B, &T, C); }
op(A) ::= op(B) GT(T) op(C). { A = ambbuild_compare(p, B, &T, C); }
op(A) ::= op(B) GE(T) op(C). { A = ambbuild_compare(p, B, &T, C); }
op(A) ::= op(B) IN(T) op(C). { A = ambbuild_compare(p, B, &T, C); }
op(A) ::= op(B) NOTIN(T) op(C). { A = ambbuild_compare(p, B, &T, C); }
op(A) ::= op(B) IS(T) type(C). { A = ambbuild_is(p, B, &T, C, false); }
op(A) ::= op(B) ISNOT(T) type(C). { A = ambbuild_is(p, B, &T, C, true); }
op(A) ::= op(B) QQ(T) op(C). { A = ambbuild_logic(p, B, &T, C); }
op(A) ::= op(B) QQ(T) ojump(C). [LOW] { A = ambbuild_logic(p, B, &T, C); }
op(A) ::= op(B) AND(T) ojump(C). [LOW] { A = ambbuild_logic(p, B, &T, C); }
op(A) ::= op(B) OR(T) ojump(C). [LOW] { A = ambbuild_logic(p, B, &T, C); }
op(A) ::= op(B) DOTDOT op(C). { A = ambbuild_range(p, NODE_RANGE, B, C, false); }
op(A) ::= op(B) DOTDOTEQ op(C). { A = ambbuild_range(p, NODE_RANGE, B, C, true); }
op(A) ::= op(B) PIPE(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) CARET(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) AMP(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) SHL(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) SHR(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) USHR(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) PLUS(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) MINUS(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) PLUSW(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) MINUSW(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) STAR(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) SLASH(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) FLOOR(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) PERCENT(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) STARW(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= op(B) POW(T) op(C). { A = ambbuild_binary(p, B, &T, C); }
op(A) ::= NOT(T) op(B). { A = ambbuild_unary(p, &T, B); }
op(A) ::= MINUS(T) op(B). [UMINUS] { A = ambbuild_unary(p, &T, B); }
op(A) ::= TILDE(T) op(B). { A = ambbuild_unary(p, &T, B); }
op(A) ::= SPAWN(T) post(B). { A = ambbuild_spawn(p, &T, B); }
op(A) ::= SPAWN(T) lblock(B). { A = ambbuild_spawn_block(p, &T, B); }

post(A) ::= prim(B). { A = B; }
post(A) ::= paren(B). { A = ambbuild_paren(p, B); }
post(A) ::= post(B) DOT ID(N). { A = ambbuild_member_of(p, B, &N, false); }
post(A) ::= post(B) QDOT ID(N). { A = ambbuild_member_of(p, B, &N, true); }
post(A) ::= post(B) LP args(C) RP(E). { A = ambbuild_call(p, B, C, &E); }
post(A) ::= post(B) LBRACKET index(C) RBRACKET(E). { A = ambbuild_index(p, B, C, &E, false); }
post(A) ::= post(B) QBRACKET index(C) RBRACKET(E). { A = ambbuild_index(p, B, C, &E, true); }

index(A) ::= expr(B). { A = B; }
index(A) ::= op(B) DOTDOT(T). { A = ambbuild_open_range(p, B, &T, NULL, false); }
index(A) ::= DOTDOT(T) op(B). { A = ambbuild_open_range(p, NULL, &T, B, false); }
index(A) ::= DOTDOTEQ(T) op(B). { A = ambbuild_open_range(p, NULL, &T, B, true); }
index(A) ::= DOTDOT(T). { A = ambbuild_open_range(p, NULL, &T, NULL, false); }
index(A) ::= op(B) COLON(T) op(C). { A = ambbuild_colon_slice(p, B, &T, C); }
index(A) ::= op(B) COLON(T). { A = ambbuild_colon_slice(p, B, &T, NULL); }
index(A) ::= COLON(T) op(C). { A = ambbuild_colon_slice(p, NULL, &T, C); }

args(A) ::= . { A = ambbuild_list(p); }
args(A) ::= args1(B). { A = B; }
args(A) ::= args1(B) COMMA. { A = B; }
args1(A) ::= arg(B). { A = ambbuild_push(p, ambbuild_list(p), B); }
args1(A) ::= args1(L) COMMA arg(B). { A = ambbuild_push(p, L, B); }
arg(A) ::= expr(B). { A = B; }
arg(A) ::= name(N) COLON expr(B). { A = ambbuild_named(p, NODE_NAMED, &N, B); }
arg(A) ::= akey(N) COLON expr(B). { A = ambbuild_named(p, NODE_NAMED, &N, B); }
arg(A) ::= ELLIPSIS(T) expr(B). { A = ambbuild_wrap(p, NODE_SPREAD, &T, B); }
arg(A) ::= op(B) ASSIGN(T) expr(C). { A = ambbuild_equals_arg(p, B, &T, C); }

/* (e), (a, b), (a: 1), and the parameters of an arrow until the => is seen. */
paren(A) ::= LP(T) RP(E). { A = ambbuild_paren_list(p, &T, NULL, false, &E); }
paren(A) ::= LP(T) pitems(B) RP(E). { A = ambbuild_paren_list(p, &T, B, false, &E); }
paren(A) ::= LP(T) pitems(B) COMMA RP(E). { A = ambbuild_paren_list(p, &T, B, true, &E); }
pitems(A) ::= pitem(B). { A = ambbuild_push(p, ambbuild_list(p), B); }
pitems(A) ::= pitems(L) COMMA pitem(B). { A = ambbuild_push(p, L, B); }
pitem(A) ::= expr(B). { A = B; }
pitem(A) ::= name(N) COLON expr(B). { A = ambbuild_named(p, NODE_NAMED, &N, B); }
pitem(A) ::= akey(N) COLON expr(B). { A = ambbuild_named(p, NODE_NAMED, &N, B); }
pitem(A) ::= op(B) ASSIGN expr(C). { A = ambbuild_pair(p, NODE_ASSIGN, B, C); }
pitem(A) ::= ELLIPSIS(T) expr(B). { A = ambbuild_wrap(p, NODE_SPREAD, &T, B); }

prim(A) ::= name(N). { A = ambbuild_name(p, &N); }
prim(A) ::= NIL(T). { A = ambbuild_leaf(p, NODE_NIL, &T); }
prim(A) ::= TRUE(T). { A = ambbuild_leaf(p, NODE_TRUE, &T); }
prim(A) ::= FALSE(T). { A = ambbuild_leaf(p, NODE_FALSE, &T); }
prim(A) ::= INT(T). { A = ambbuild_leaf(p, NODE_INT, &T); }
prim(A) ::= FLOAT(T). { A = ambbuild_leaf(p, NODE_FLOAT, &T); }
prim(A) ::= STRING(T). { A = ambbuild_string(p, &T); }
prim(A) ::= BYTES(T). { A = ambbuild_string(p, &T); }
prim(A) ::= SELF(T). { A = ambbuild_self(p, &T); }
prim(A) ::= SUPER(T) DOT ID(N). { A = ambbuild_super(p, &T, &N); }
prim(A) ::= istr(B). { A = B; }
prim(A) ::= LBRACKET(T) RBRACKET(E). { A = ambbuild_listy(p, NODE_LIST, &T, NULL, &E); }
prim(A) ::= LBRACKET(T) items(B) RBRACKET(E). { A = ambbuild_listy(p, NODE_LIST, &T, B, &E); }
prim(A) ::= LBRACKET(T) items(B) COMMA RBRACKET(E).
    { A = ambbuild_listy(p, NODE_LIST, &T, B, &E); }
prim(A) ::= LB(T) entries(B) RB(E). { A = ambbuild_listy(p, NODE_MAP, &T, B, &E); }
prim(A) ::= FN(T) LP params(P) RP ret(R) block(B).
    { A = ambbuild_fn_value(p, &T, P, R, B, false); }
prim(A) ::= ifs(B). [LOW] { A = B; }
prim(A) ::= ifs(B) ELSE block(C). { A = ambbuild_else(p, B, C); }
prim(A) ::= MATCH(T) op(B) LB arms(C) RB(E). { A = ambbuild_match(p, &T, B, C, &E); }
prim(A) ::= TRY(T) block(B) catches(C). { A = ambbuild_try(p, &T, B, C, NULL); }
prim(A) ::= TRY(T) block(B) catches(C) FINALLY block(D). { A = ambbuild_try(p, &T, B, C, D); }
prim(A) ::= GROUP(T) block(B). { A = ambbuild_group(p, &T, NULL, B); }
prim(A) ::= GROUP(T) LP args(B) RP block(C). { A = ambbuild_group(p, &T, B, C); }
prim(A) ::= WITHIN(T) LP expr(B) RP block(C). { A = ambbuild_within(p, &T, B, C); }
prim(A) ::= SELECT(T) LB sarms(B) RB(E). { A = ambbuild_select(p, &T, B, &E); }

ifs(A) ::= IF(T) cond(B) block(C). { A = ambbuild_if(p, NULL, &T, NULL, B, C); }
ifs(A) ::= IF(T) LET pat(D) ASSIGN op(B) block(C). { A = ambbuild_if(p, NULL, &T, D, B, C); }
ifs(A) ::= ifs(L) ELSE IF(T) cond(B) block(C). { A = ambbuild_if(p, L, &T, NULL, B, C); }
ifs(A) ::= ifs(L) ELSE IF(T) LET pat(D) ASSIGN op(B) block(C).
    { A = ambbuild_if(p, L, &T, D, B, C); }

items(A) ::= item(B). { A = ambbuild_push(p, ambbuild_list(p), B); }
items(A) ::= items(L) COMMA item(B). { A = ambbuild_push(p, L, B); }
item(A) ::= expr(B). { A = B; }
item(A) ::= ELLIPSIS(T) expr(B). { A = ambbuild_wrap(p, NODE_SPREAD, &T, B); }

entries(A) ::= . { A = ambbuild_list(p); }
entries(A) ::= entries1(B). { A = B; }
entries(A) ::= entries1(B) COMMA. { A = B; }
entries1(A) ::= entry(B). { A = ambbuild_push(p, ambbuild_list(p), B); }
entries1(A) ::= entries1(L) COMMA entry(B). { A = ambbuild_push(p, L, B); }
entry(A) ::= name(N). { A = ambbuild_shorthand(p, &N); }
entry(A) ::= key(K) COLON expr(B). { A = ambbuild_pair(p, NODE_ENTRY, K, B); }
entry(A) ::= ELLIPSIS(T) expr(B). { A = ambbuild_wrap(p, NODE_SPREAD, &T, B); }
key(A) ::= name(N). { A = ambbuild_word_key(p, &N); }
key(A) ::= akey(N). { A = ambbuild_word_key(p, &N); }
key(A) ::= STRING(T). { A = ambbuild_string(p, &T); }
key(A) ::= INT(T). { A = ambbuild_leaf(p, NODE_INT, &T); }
key(A) ::= FLOAT(T). { A = ambbuild_leaf(p, NODE_FLOAT, &T); }
key(A) ::= MINUS(M) INT(T). { A = ambbuild_negative(p, &M, NODE_INT, &T); }
key(A) ::= MINUS(M) FLOAT(T). { A = ambbuild_negative(p, &M, NODE_FLOAT, &T); }
key(A) ::= istr(B). { A = B; }
key(A) ::= LBRACKET expr(B) RBRACKET. { A = B; }

istr(A) ::= ihead(B) ITAIL(T). { A = ambbuild_interp(p, B, &T); }
ihead(A) ::= IHEAD(T) expr(B) spec(C). { A = ambbuild_interp_part(p, NULL, &T, B, C); }
ihead(A) ::= ihead(L) IMID(T) expr(B) spec(C). { A = ambbuild_interp_part(p, L, &T, B, C); }
spec(A) ::= . { A = NULL; }
spec(A) ::= SPEC(T). { A = ambbuild_spec(p, NULL, &T); }
spec(A) ::= specs(B) SPECTAIL(T). { A = ambbuild_spec(p, B, &T); }
specs(A) ::= SPECHEAD(T) expr(B). { A = ambbuild_interp_part(p, NULL, &T, B, NULL); }
specs(A) ::= specs(L) SPECMID(T) expr(B). { A = ambbuild_interp_part(p, L, &T, B, NULL); }

catches(A) ::= . { A = NULL; }
catches(A) ::= catches(L) CATCH(T) block(B). { A = ambbuild_catch(p, L, &T, NULL, NULL, NULL, B); }
catches(A) ::= catches(L) CATCH(T) name(N) ann(C) block(B).
    { A = ambbuild_catch(p, L, &T, &N, C, NULL, B); }
catches(A) ::= catches(L) CATCH(T) name(N) ann(C) IF op(G) block(B).
    { A = ambbuild_catch(p, L, &T, &N, C, G, B); }

/* ---- match and select */
arms(A) ::= . { A = ambbuild_list(p); }
arms(A) ::= arm(B). { A = ambbuild_push(p, ambbuild_list(p), B); }
arms(A) ::= arms(B) asep. { A = B; }
arms(A) ::= arms(L) asep arm(B). { A = ambbuild_push(p, L, B); }
arms(A) ::= arms(L) abad(B). { A = ambbuild_push(p, L, B); }
asep ::= SEP.
asep ::= COMMA.
arm(A) ::= abad(B). { A = B; }
abad(A) ::= error. { A = ambbuild_bad(p); }
abad(A) ::= abad(B) LBLOCK stmts(C) RB. { A = ambbuild_bad_body(p, B, C); }
abad(A) ::= abad(B) LB stmts(C) RB. { A = ambbuild_bad_body(p, B, C); }
arm(A) ::= pat(B) guard(C) ARROW armbody(D). { A = ambbuild_arm(p, B, C, D); }
guard(A) ::= . { A = NULL; }
guard(A) ::= IF op(B). { A = B; }
armbody(A) ::= lblock(B). { A = B; }
armbody(A) ::= simple(B). { A = B; }
sarms(A) ::= . { A = ambbuild_list(p); }
sarms(A) ::= sarm(B). { A = ambbuild_push(p, ambbuild_list(p), B); }
sarms(A) ::= sarms(B) asep. { A = B; }
sarms(A) ::= sarms(L) asep sarm(B). { A = ambbuild_push(p, L, B); }
sarms(A) ::= sarms(L) abad(B). { A = ambbuild_push(p, L, B); }
sarm(A) ::= abad(B). { A = B; }
sarm(A) ::= pat(B) FROM op(C) ARROW armbody(D). { A = ambbuild_select_arm(p, NULL, B, C, D); }
sarm(A) ::= AFTER(T) op(C) ARROW armbody(D). { A = ambbuild_select_arm(p, &T, NULL, C, D); }

/* ---- patterns */
pats(A) ::= pat(B). { A = ambbuild_push(p, ambbuild_list(p), B); }
pats(A) ::= pats(L) COMMA pat(B). { A = ambbuild_push(p, L, B); }
pat(A) ::= apat(B). { A = B; }
pat(A) ::= pat(B) AS name(N). { A = ambbuild_pat_as(p, B, &N); }
apat(A) ::= ppat(B). { A = B; }
apat(A) ::= apat(B) PIPE ppat(C). { A = ambbuild_pat_or(p, B, C); }
ppat(A) ::= name(N). { A = ambbuild_pat_name(p, &N); }
ppat(A) ::= plit(B). { A = ambbuild_pat_value(p, B); }
ppat(A) ::= plit(B) DOTDOT plit(C). { A = ambbuild_range(p, NODE_PAT_RANGE, B, C, false); }
ppat(A) ::= plit(B) DOTDOTEQ plit(C). { A = ambbuild_range(p, NODE_PAT_RANGE, B, C, true); }
ppat(A) ::= plit(B) DOTDOT(T). { A = ambbuild_pat_open(p, B, &T, NULL, false); }
ppat(A) ::= DOTDOT(T) plit(C). { A = ambbuild_pat_open(p, NULL, &T, C, false); }
ppat(A) ::= DOTDOTEQ(T) plit(C). { A = ambbuild_pat_open(p, NULL, &T, C, true); }
ppat(A) ::= qualified(B). { A = ambbuild_pat_value(p, B); }
ppat(A) ::= dotted(B) LP RP(E). { A = ambbuild_pat_call(p, B, NULL, &E); }
ppat(A) ::= dotted(B) LP pargs(C) RP(E). { A = ambbuild_pat_call(p, B, C, &E); }
ppat(A) ::= dotted(B) LP pargs(C) COMMA RP(E). { A = ambbuild_pat_call(p, B, C, &E); }
ppat(A) ::= IS(T) type(B). [LOW] { A = ambbuild_pat_is(p, &T, B, false); }
ppat(A) ::= ISNOT(T) type(B). [LOW] { A = ambbuild_pat_is(p, &T, B, true); }
ppat(A) ::= LP(T) RP(E). { A = ambbuild_pat_list(p, NODE_PAT_TUPLE, &T, NULL, &E, false); }
ppat(A) ::= LP(T) pargs(B) RP(E). { A = ambbuild_pat_list(p, NODE_PAT_TUPLE, &T, B, &E, false); }
ppat(A) ::= LP(T) pargs(B) COMMA RP(E).
    { A = ambbuild_pat_list(p, NODE_PAT_TUPLE, &T, B, &E, true); }
ppat(A) ::= LBRACKET(T) RBRACKET(E).
    { A = ambbuild_pat_list(p, NODE_PAT_LIST, &T, NULL, &E, false); }
ppat(A) ::= LBRACKET(T) pargs(B) RBRACKET(E).
    { A = ambbuild_pat_list(p, NODE_PAT_LIST, &T, B, &E, false); }
ppat(A) ::= LBRACKET(T) pargs(B) COMMA RBRACKET(E).
    { A = ambbuild_pat_list(p, NODE_PAT_LIST, &T, B, &E, true); }
ppat(A) ::= lbr(T) mpats(B) RB(E).
    { A = ambbuild_pat_list(p, NODE_PAT_MAP, &T, B, &E, false); }
lbr(A) ::= LB(T). { A = T; }
lbr(A) ::= LBLOCK(T). { A = T; }
qualified(A) ::= dotted(B) DOT ID(N). { A = ambbuild_member_of(p, B, &N, false); }
plit(A) ::= NIL(T). { A = ambbuild_leaf(p, NODE_NIL, &T); }
plit(A) ::= TRUE(T). { A = ambbuild_leaf(p, NODE_TRUE, &T); }
plit(A) ::= FALSE(T). { A = ambbuild_leaf(p, NODE_FALSE, &T); }
plit(A) ::= INT(T). { A = ambbuild_leaf(p, NODE_INT, &T); }
plit(A) ::= FLOAT(T). { A = ambbuild_leaf(p, NODE_FLOAT, &T); }
plit(A) ::= STRING(T). { A = ambbuild_string(p, &T); }
plit(A) ::= BYTES(T). { A = ambbuild_string(p, &T); }
plit(A) ::= MINUS(M) INT(T). { A = ambbuild_negative(p, &M, NODE_INT, &T); }
plit(A) ::= MINUS(M) FLOAT(T). { A = ambbuild_negative(p, &M, NODE_FLOAT, &T); }
pargs(A) ::= parg(B). { A = ambbuild_push(p, ambbuild_list(p), B); }
pargs(A) ::= pargs(L) COMMA parg(B). { A = ambbuild_push(p, L, B); }
parg(A) ::= pat(B). { A = B; }
parg(A) ::= ELLIPSIS(T). { A = ambbuild_rest(p, &T, NULL); }
parg(A) ::= ellname(T). { A = ambbuild_rest(p, &T, &T); }
parg(A) ::= name(N) COLON pat(B). { A = ambbuild_named(p, NODE_PAT_NAMED, &N, B); }
ellname(A) ::= ELLIPSIS name(N). { A = N; }
mpats(A) ::= . { A = ambbuild_list(p); }
mpats(A) ::= mpats1(B). { A = B; }
mpats(A) ::= mpats1(B) COMMA. { A = B; }
mpats1(A) ::= mpat(B). { A = ambbuild_push(p, ambbuild_list(p), B); }
mpats1(A) ::= mpats1(L) COMMA mpat(B). { A = ambbuild_push(p, L, B); }
mpat(A) ::= name(N). { A = ambbuild_pat_shorthand(p, &N); }
mpat(A) ::= key(K) COLON pat(B). { A = ambbuild_pair(p, NODE_PAT_ENTRY, K, B); }
mpat(A) ::= ellname(T). { A = ambbuild_rest(p, &T, &T); }

/* ---- the command line of the entry script */
adecls(A) ::= . { A = ambbuild_arg(p, NULL, NULL); }
adecls(A) ::= adecls(L) SEP. { A = L; }
adecls(A) ::= adecl(B). { A = ambbuild_arg(p, NULL, B); }
adecls(A) ::= adecls(L) SEP adecl(B). { A = ambbuild_arg(p, L, B); }
adecls(A) ::= adecls(L) mbad. { A = L; }
adecl(A) ::= mbad. { A = NULL; }
adecl(A) ::= name(N) COLON type(T) adef(B). { A = ambbuild_arg_decl(&N, T, B, false); }
adecl(A) ::= name(N) ELLIPSIS COLON type(T) adef(B). { A = ambbuild_arg_decl(&N, T, B, true); }
adef(A) ::= . { A = ambbuild_arg_default(p, NULL, NULL); }
adef(A) ::= STRING(T). { A = ambbuild_arg_default(p, NULL, &T); }
adef(A) ::= ASSIGN plit(B). { A = ambbuild_arg_default(p, B, NULL); }
adef(A) ::= ASSIGN plit(B) STRING(T). { A = ambbuild_arg_default(p, B, &T); }
