/* SPDX-License-Identifier: MIT */
/* Operators off the fast path: mixed numbers, overflow, operator methods, checks of types. */
#include <math.h>
#include <string.h>

#include "gate.h"
#include "number.h"
#include "run.h"

/* ---- arithmetic ---- */

static const struct {
    uint16_t op;
    uint8_t oper;
    const char *text;
} operators[] = {
    {OP_ADD, OPER_ADD, "+"},       {OP_SUB, OPER_SUB, "-"},     {OP_MUL, OPER_MUL, "*"},
    {OP_DIV, OPER_DIV, "/"},       {OP_FLOORDIV, OPER_FLOOR, "//"}, {OP_MOD, OPER_MOD, "%"},
    {OP_POW, OPER_POW, "**"},      {OP_ADDW, OPER_ADDW, "+%"},  {OP_SUBW, OPER_SUBW, "-%"},
    {OP_MULW, OPER_MULW, "*%"},    {OP_BAND, OPER_AND, "&"},    {OP_BOR, OPER_OR, "|"},
    {OP_BXOR, OPER_XOR, "^"},      {OP_SHL, OPER_SHL, "<<"},    {OP_SHR, OPER_SHR, ">>"},
    {OP_USHR, OPER_USHR, ">>>"},
};

static int overflow(amb_vm *vm, const char *op, int64_t a, int64_t b) {
    amberr_raise(vm, AMB_ERR_OVERFLOW, "%lld %s %lld does not fit in 64 bits%s", (long long)a, op,
                 (long long)b,
                 strlen(op) == 1 && strchr("+-*", *op) ? "; +% -% *% wrap around" : "");
    return RUN_THROW;
}

static int pow_ints(amb_vm *vm, int64_t a, int64_t b, uint32_t dst) {
    if (b < 0) {
        amberr_raise(vm, AMB_ERR_VALUE,
                     "an int to a negative power is no int: write %lld.0 ** %lld for a float",
                     (long long)a, (long long)b);
        return RUN_THROW;
    }
    int64_t r = 1, x = a;
    uint64_t n = (uint64_t)b;
    while (n) {
        if ((n & 1) && __builtin_mul_overflow(r, x, &r)) return overflow(vm, "**", a, b);
        n >>= 1;
        if (n && __builtin_mul_overflow(x, x, &x)) return overflow(vm, "**", a, b);
    }
    REG(vm, dst) = ambv_int(r);
    return RUN_NEXT;
}

static int shift_range(amb_vm *vm, int64_t by) {
    amberr_raise(vm, AMB_ERR_VALUE, "shift by %lld is outside 0..63", (long long)by);
    return RUN_THROW;
}

static int int_arith(amb_vm *vm, enum amb_opcode op, int64_t a, int64_t b, uint32_t dst) {
    int64_t r = 0;
    switch (op) {
    case OP_ADD:
        if (__builtin_add_overflow(a, b, &r)) return overflow(vm, "+", a, b);
        break;
    case OP_SUB:
        if (__builtin_sub_overflow(a, b, &r)) return overflow(vm, "-", a, b);
        break;
    case OP_MUL:
        if (__builtin_mul_overflow(a, b, &r)) return overflow(vm, "*", a, b);
        break;
    case OP_FLOORDIV:
    case OP_MOD:
        if (b == 0) {
            amberr_raise(vm, AMB_ERR_DIVISION, "%lld %s 0: division by zero", (long long)a,
                         op == OP_MOD ? "%" : "//");
            return RUN_THROW;
        }
        if (b == -1) {
            if (op == OP_MOD) r = 0;
            else if (__builtin_sub_overflow((int64_t)0, a, &r)) return overflow(vm, "//", a, b);
        } else {
            int64_t q = a / b, m = a % b;
            if (m != 0 && (m ^ b) < 0) {
                m += b;
                q--;
            }
            r = op == OP_MOD ? m : q;
        }
        break;
    case OP_POW: return pow_ints(vm, a, b, dst);
    case OP_SHL:
        if ((uint64_t)b > 63) return shift_range(vm, b);
        r = (int64_t)((uint64_t)a << b);
        break;
    case OP_SHR:
        if ((uint64_t)b > 63) return shift_range(vm, b);
        r = a >> b;
        break;
    case OP_USHR:
        if ((uint64_t)b > 63) return shift_range(vm, b);
        r = (int64_t)((uint64_t)a >> b);
        break;
    case OP_ADDW: r = (int64_t)((uint64_t)a + (uint64_t)b); break;
    case OP_SUBW: r = (int64_t)((uint64_t)a - (uint64_t)b); break;
    case OP_MULW: r = (int64_t)((uint64_t)a * (uint64_t)b); break;
    case OP_BAND: r = a & b; break;
    case OP_BOR: r = a | b; break;
    default: r = a ^ b; break;
    }
    REG(vm, dst) = ambv_int(r);
    return RUN_NEXT;
}

/* The operator method of an instance, or NULL. */
static amb_member *operator_of(amb_vm *vm, ambv x, uint32_t oper) {
    if (x.tag != TAG_INSTANCE) return NULL;
    amb_member *m = ambclass_find(ambinst_class(vm, x.inst), vm->symbols[SYM_OP_FIRST + oper]);
    return m && m->kind == MEMBER_METHOD ? m : NULL;
}

/* list + list, [0] * n, string + string and their relatives. */
static amb_status builtin_arith(amb_vm *vm, enum amb_opcode op, ambv x, ambv y, ambv *out,
                                bool *done) {
    *done = true;
    if (op == OP_ADD && x.tag == y.tag) {
        if (x.tag == TAG_LIST) {
            amb_list *l = amblist_slice(vm, x.list, 0, x.list->len);
            if (!l || amblist_extend(vm, l, y.list) != AMB_OK)
                return vm->failed != AMB_OK ? vm->failed : AMB_E_THROW;
            ambvm_charge(vm, l->len / 8);
            *out = ambv_obj(l);
            return AMB_OK;
        }
        if (x.tag == TAG_TUPLE) {
            uint32_t n = x.o->aux32, m = y.o->aux32;
            amb_tuple *t = ambtuple_new(vm, n + m);
            if (!t) return vm->failed;
            memcpy(t->vals, x.tuple->vals, n * sizeof(ambv));
            memcpy(t->vals + n, y.tuple->vals, m * sizeof(ambv));
            *out = ambv_obj(t);
            return AMB_OK;
        }
        if (x.tag == TAG_BYTES) {
            amb_status st = ambbytes_check(vm, x.bytes);
            if (st == AMB_OK) st = ambbytes_check(vm, y.bytes);
            if (st != AMB_OK) return st;
            amb_bytes *b = ambbytes_new(vm, x.bytes->block ? x.bytes->block->data : NULL, x.bytes->len);
            if (!b) return vm->failed != AMB_OK ? vm->failed : AMB_E_THROW;
            st = ambbytes_append(vm, b, y.bytes->block ? y.bytes->block->data : NULL, y.bytes->len);
            *out = ambv_obj(b);
            return st;
        }
    }
    static const uint16_t repeatable[] = {TAG_LIST, TAG_STRING, TAG_TUPLE, TAG_BYTES};
    if (op == OP_MUL && y.tag == TAG_INT)
        for (unsigned i = 0; i < 4; i++)
            if (x.tag == repeatable[i]) {
                ambv args[2] = {x, y};
                return ambcall_builtin(vm, x, "repeat", args, 2, out);
            }
    if (x.tag == TAG_SET && y.tag == TAG_SET && (op == OP_BOR || op == OP_BAND || op == OP_SUB || op == OP_BXOR)) {
        ambv args[2] = {x, y};
        return ambcall_builtin(vm, x,
                               op == OP_BOR    ? "union"
                               : op == OP_BAND ? "intersection"
                               : op == OP_SUB  ? "difference"
                                               : "symmetric_difference",
                               args, 2, out);
    }
    if (x.tag == TAG_MAP && y.tag == TAG_MAP && op == OP_BOR) {
        ambv args[2] = {x, y};
        return ambcall_builtin(vm, x, "merge", args, 2, out);
    }
    *done = false;
    return AMB_OK;
}

static int type_error(amb_vm *vm, const char *op, ambv x, ambv y) {
    const char *hint = "";
    if (!strcmp(op, "+")) {
        if (x.tag == TAG_STRING && ambv_is_number(y)) hint = "; write string(...) or \"${...}\"";
        if (y.tag == TAG_STRING && ambv_is_number(x)) hint = "; convert one of them: int(...) or \"${...}\"";
    }
    if (x.tag == TAG_NIL || y.tag == TAG_NIL) hint = "; one side is nil";
    if (x.tag == TAG_TASK || y.tag == TAG_TASK) hint = "; the result of a task is what wait() gives";
    amberr_raise(vm, AMB_ERR_TYPE, "%s %s %s is not defined%s", ambtype_name(vm, x), op,
                 ambtype_name(vm, y), hint);
    return RUN_THROW;
}

int ambrun_arith(amb_vm *vm, enum amb_opcode op, ambv x, ambv y, uint32_t dst) {
    if (op == OP_ADD && x.tag == TAG_STRING && y.tag == TAG_STRING) { /* nearly always that */
        ambvm_charge(vm, y.str->len / 32); /* so that doubling meets its deadline */
        amb_string *s = ambstr_concat(vm, x.str, y.str);
        if (!s) return ambrun_failed(vm, vm->failed != AMB_OK ? vm->failed : AMB_E_THROW);
        REG(vm, dst) = ambv_obj(s);
        if (vm->gc_wanted) ambrun_collect(vm);
        return RUN_NEXT;
    }
    uint32_t i = 0;
    while (operators[i].op != op) i++;
    if (x.tag == TAG_INT && y.tag == TAG_INT && op != OP_DIV) return int_arith(vm, op, x.i, y.i, dst);
    if (ambv_is_number(x) && ambv_is_number(y)) {
        double a = ambv_to_double(x), b = ambv_to_double(y), r;
        switch (op) {
        case OP_ADD: r = a + b; break;
        case OP_SUB: r = a - b; break;
        case OP_MUL: r = a * b; break;
        case OP_DIV: r = a / b; break;
        case OP_FLOORDIV: r = ambnum_floordiv(a, b); break;
        case OP_MOD: r = ambnum_mod(a, b); break;
        case OP_POW: r = pow(a, b); break;
        default: {
            amberr_raise(vm, AMB_ERR_TYPE, "%s %s %s is not defined: bits are of ints",
                         ambtype_name(vm, x), operators[i].text, ambtype_name(vm, y));
            return RUN_THROW;
        }
        }
        REG(vm, dst) = ambv_float(r);
        return RUN_NEXT;
    }
    amb_member *m = operator_of(vm, x, operators[i].oper);
    if (m) {
        ambv args[2] = {x, y};
        return ambrun_push_call(vm, m->fn, args, 2, FRAME_DST, dst, vm->pc + ambrun_words(vm->pc));
    }
    ambv out;
    bool done;
    amb_status st = builtin_arith(vm, op, x, y, &out, &done);
    if (st != AMB_OK) return ambrun_failed(vm, st);
    if (!done) return type_error(vm, operators[i].text, x, y);
    REG(vm, dst) = out;
    if (vm->gc_wanted) ambrun_collect(vm);
    return RUN_NEXT;
}

int ambrun_unary(amb_vm *vm, enum amb_opcode op, ambv x, uint32_t dst) {
    if (x.tag == TAG_INT) {
        amberr_raise(vm, AMB_ERR_OVERFLOW, "-(%lld) does not fit in 64 bits", (long long)x.i);
        return RUN_THROW;
    }
    if (x.tag == TAG_INSTANCE) {
        amb_string *name = op == OP_NEG ? AMBSYM(vm, neg) : vm->symbols[SYM_OP_FIRST + OPER_NOT];
        amb_member *m = ambclass_find(ambinst_class(vm, x.inst), name);
        if (m && m->kind == MEMBER_METHOD)
            return ambrun_push_call(vm, m->fn, &x, 1, FRAME_DST, dst, vm->pc + 1);
    }
    amberr_raise(vm, AMB_ERR_TYPE, "%s%s is not defined", op == OP_NEG ? "-" : "~",
                 ambtype_name(vm, x));
    return RUN_THROW;
}

/* ---- comparison ---- */

static int conclude(amb_vm *vm, bool t, bool jump, bool sense, uint32_t dst) {
    if (!jump) {
        REG(vm, dst) = ambv_bool(t);
        return RUN_NEXT;
    }
    if (t != sense) return RUN_NEXT;
    return ambrun_branch(vm, vm->pc);
}

int ambrun_compare(amb_vm *vm, enum amb_opcode op, ambv x, ambv y, bool jump, bool sense,
                   uint32_t dst) {
    bool t = false;
    if (ambv_is_number(x) && ambv_is_number(y)) {
        int c = ambeq_compare_numbers(x, y);
        switch (op) {
        case OP_EQ: t = c == 0; break;
        case OP_NE: t = c != 0; break;
        case OP_LT: t = c == -1; break;
        case OP_LE: t = c == -1 || c == 0; break;
        case OP_GT: t = c == 1; break;
        default: t = c == 1 || c == 0; break;
        }
        return conclude(vm, t, jump, sense, dst);
    }
    /* a > b is b < a, a <= b is not (b < a), a >= b is not (a < b), a != b is not (a == b) */
    bool inverted = op == OP_NE || op == OP_LE || op == OP_GE;
    bool equality = op == OP_EQ || op == OP_NE;
    if (op == OP_GT || op == OP_LE) {
        ambv swap = x;
        x = y;
        y = swap;
    }
    amb_member *m = operator_of(vm, x, equality ? OPER_EQ : OPER_LT);
    if (m) {
        ambv args[2] = {x, y};
        uint32_t flip = jump ? inverted == sense : inverted;
        return ambrun_push_call(vm, m->fn, args, 2, jump ? FRAME_TEST : FRAME_BOOL,
                                jump ? flip : dst | flip, vm->pc + 1);
    }
    amb_status st = equality ? ambeq_values(vm, x, y, &t) : ambeq_less(vm, x, y, &t);
    if (st != AMB_OK) return ambrun_failed(vm, st);
    return conclude(vm, t != inverted, jump, sense, dst);
}

int ambrun_same(amb_vm *vm, ambv x, ambv y, uint32_t dst) {
    bool t;
    if (x.tag == TAG_INSTANCE || y.tag == TAG_INSTANCE) {
        /* built-in equality: value classes and cases by their parts, others by identity */
        bool by_parts = x.tag == TAG_INSTANCE && y.tag == TAG_INSTANCE &&
                        x.o->aux32 == y.o->aux32 &&
                        (ambinst_class(vm, x.inst)->h.flags & CLASS_VALUE) &&
                        ambinst_class(vm, x.inst)->op_eq.tag == TAG_NIL;
        if (!by_parts) {
            REG(vm, dst) = ambv_bool(ambv_same(x, y));
            return RUN_NEXT;
        }
    }
    amb_status st = ambeq_values(vm, x, y, &t);
    if (st != AMB_OK) return ambrun_failed(vm, st);
    REG(vm, dst) = ambv_bool(t);
    return RUN_NEXT;
}

int ambrun_in(amb_vm *vm, ambv x, ambv in, uint32_t dst) {
    bool t = false;
    amb_status st = AMB_OK;
    switch (in.tag) {
    case TAG_MAP:
    case TAG_SET: {
        amb_entry *e;
        st = ambmap_find(vm, in.map, x, &e);
        if (st == AMB_OK) t = e != NULL;
        break;
    }
    case TAG_LIST:
        for (uint32_t i = 0; st == AMB_OK && i < in.list->len && !t; i++)
            st = ambeq_values(vm, amblist_at(in.list, i), x, &t);
        ambvm_charge(vm, in.list->len / 4);
        break;
    case TAG_TUPLE:
        for (uint32_t i = 0; st == AMB_OK && i < in.o->aux32 && !t; i++)
            st = ambeq_values(vm, in.tuple->vals[i], x, &t);
        break;
    case TAG_STRING:
    case TAG_RANGE:
    case TAG_BYTES: {
        ambv args[2] = {in, x}, out;
        st = ambcall_builtin(vm, in, "contains", args, 2, &out);
        if (st == AMB_OK) t = ambv_truthy(out);
        break;
    }
    case TAG_INSTANCE: {
        amb_member *m = ambclass_find(ambinst_class(vm, in.inst), AMBSYM(vm, contains));
        if (m && m->kind == MEMBER_METHOD && !(m->flags & MEMBER_PRIVATE)) {
            ambv args[2] = {in, x};
            return ambrun_push_call(vm, m->fn, args, 2, FRAME_BOOL, dst, vm->pc + 1);
        }
    } /* fall through */
    default:
        amberr_raise(vm, AMB_ERR_TYPE,
                     "`in` looks into a list, map, set, tuple, range, string or an object with "
                     "contains(), not %s",
                     ambtype_name(vm, in));
        return RUN_THROW;
    }
    if (st != AMB_OK) return ambrun_failed(vm, st);
    REG(vm, dst) = ambv_bool(t);
    return RUN_NEXT;
}

/* ---- text ---- */

int ambrun_tostr(amb_vm *vm, ambv v, uint32_t dst) {
    if (v.tag == TAG_INSTANCE) {
        amb_class *c = ambinst_class(vm, v.inst);
        if (c->op_str.tag == TAG_CLOSURE)
            return ambrun_push_call(vm, c->op_str, &v, 1, FRAME_STR, dst, vm->pc + 1);
    }
    amb_string *s;
    if (v.tag == TAG_INT) {
        char text[24];
        size_t n = ambtext_int(text, v.i);
        s = ambstr_ascii(vm, text, n);
    } else {
        s = ambtext_string(vm, v);
    }
    if (!s) return ambrun_failed(vm, vm->failed);
    REG(vm, dst) = ambv_obj(s);
    if (vm->gc_wanted) ambrun_collect(vm);
    return RUN_NEXT;
}

int ambrun_format(amb_vm *vm, ambv v, ambv spec, uint32_t dst) {
    amb_string *s = ambtext_format(vm, v, spec.str->data, spec.str->len);
    if (!s) return ambrun_failed(vm, vm->failed);
    REG(vm, dst) = ambv_obj(s);
    if (vm->gc_wanted) ambrun_collect(vm);
    return RUN_NEXT;
}

int ambrun_range(amb_vm *vm, ambv from, ambv to, bool closed, uint32_t dst) {
    if (from.tag != TAG_INT || to.tag != TAG_INT) {
        amberr_raise(vm, AMB_ERR_TYPE, "a range goes from int to int, not %s to %s",
                     ambtype_name(vm, from), ambtype_name(vm, to));
        return RUN_THROW;
    }
    amb_range *r = ambrange_new(vm, from.i, to.i, closed);
    if (!r) return ambrun_failed(vm, vm->failed);
    REG(vm, dst) = ambv_obj(r);
    if (vm->gc_wanted) ambrun_collect(vm);
    return RUN_NEXT;
}

int ambrun_undefined(amb_vm *vm, ambv name) {
    amberr_raise(vm, AMB_ERR_NAME, "'%s' is read before its declaration ran", name.str->data);
    return RUN_THROW;
}

/* ---- types ---- */

bool ambrun_fits(const amb_vm *vm, const amb_typecheck *t, ambv v, const ambv *classes) {
    if (t->mask >> v.tag & 1) return true;
    if (v.tag == TAG_CAP) return t->cap && ambgate_is_type((amb_vm *)vm, v, t->cap->data, t->cap->len);
    if (v.tag != TAG_INSTANCE) return false;
    const amb_class *c = ambinst_class(vm, v.inst);
    for (uint32_t i = 0; i < t->nclasses; i++)
        if (classes[i].tag == TAG_CLASS && ambclass_is_a(c, classes[i].cls)) return true;
    return false;
}

int ambrun_check(amb_vm *vm, ambv *v, const amb_typecheck *t, const ambv *classes, uint64_t what) {
    if (t->widen && v->tag == TAG_INT) {
        *v = ambv_float((double)v->i);
        return RUN_NEXT;
    }
    if (ambrun_fits(vm, t, *v, classes)) return RUN_NEXT;
    for (uint32_t i = 0; i < t->nclasses; i++)
        if (classes[i].tag != TAG_CLASS) {
            amberr_raise(vm, AMB_ERR_TYPE, "the annotation %s names a value that is not a class: %s",
                         t->text->data, ambtype_name(vm, classes[i]));
            return RUN_THROW;
        }
    const amb_proto *p = vm->base[-2].closure->proto;
    ambv name = p->k[what & 0xffffffff];
    enum ambpb_check kind = (enum ambpb_check)(what >> 32);
    static const char *const kinds[] = {"argument", "the result of", "", "field"};
    static const char *const unnamed[] = {"the argument", "the result", "the value", "the field"};
    char brief[64];
    bool named = name.str->len > 0, quoted = named && kind != CHECK_RESULT;
    amberr_raise(vm, AMB_ERR_TYPE, "%s%s%s%s%s must be %s, not %s (%s)",
                 named ? kinds[kind] : unnamed[kind], named && *kinds[kind] ? " " : "",
                 quoted ? "'" : "", name.str->data, quoted ? "'" : "", t->text->data,
                 ambtype_name(vm, *v), ambtext_brief(vm, *v, brief));
    return RUN_THROW;
}

int ambrun_isinst(amb_vm *vm, ambv v, ambv cls, uint32_t dst) {
    if (cls.tag == TAG_INSTANCE && (ambinst_class(vm, cls.inst)->h.flags & CLASS_CASE)) {
        REG(vm, dst) = ambv_bool(v.tag == TAG_INSTANCE && v.o->aux32 == cls.o->aux32);
        return RUN_NEXT;
    }
    if (cls.tag != TAG_CLASS) {
        amberr_raise(vm, AMB_ERR_TYPE, "a pattern Name(...) needs a class or an enum case, not %s",
                     ambtype_name(vm, cls));
        return RUN_THROW;
    }
    REG(vm, dst) = ambv_bool(v.tag == TAG_INSTANCE &&
                             ambclass_is_a(ambinst_class(vm, v.inst), cls.cls));
    return RUN_NEXT;
}

/* ---- patterns ---- */

int ambrun_tail(amb_vm *vm, ambv v, uint32_t before, uint32_t after, uint32_t dst) {
    amb_list *l;
    if (v.tag == TAG_LIST) {
        /* A getter or an operator that the pattern runs may have shortened it since its test. */
        if (v.list->len < before + after)
            return ambrun_getindex(vm, v, ambv_int(before + after - 1), dst);
        l = amblist_slice(vm, v.list, before, v.list->len - after);
        if (!l) return ambrun_failed(vm, vm->failed);
    } else {
        uint32_t to = v.o->aux32 - after;
        l = amblist_new(vm, to - before);
        if (!l) return ambrun_failed(vm, vm->failed);
        for (uint32_t i = before; i < to; i++)
            if (amblist_push_slow(vm, l, v.tuple->vals[i]) != AMB_OK)
                return ambrun_failed(vm, vm->failed);
    }
    REG(vm, dst) = ambv_obj(l);
    if (vm->gc_wanted) ambrun_collect(vm);
    return RUN_NEXT;
}

int ambrun_mapput(amb_vm *vm, amb_map *m, ambv key, ambv v) {
    amb_status st = ambmap_set(vm, m, key, v);
    if (st != AMB_OK) return ambrun_failed(vm, st);
    if (vm->gc_wanted) ambrun_collect(vm);
    return RUN_NEXT;
}

int ambrun_maprest(amb_vm *vm, amb_map *m, amb_list *keys, uint32_t dst) {
    amb_map *rest = ambmap_copy(vm, m);
    if (!rest) return ambrun_failed(vm, vm->failed);
    for (uint32_t i = 0; i < keys->len; i++) {
        bool removed;
        ambv old;
        amb_status st = ambmap_remove(vm, rest, amblist_at(keys, i), &removed, &old);
        if (st != AMB_OK) return ambrun_failed(vm, st);
    }
    REG(vm, dst) = ambv_obj(rest);
    if (vm->gc_wanted) ambrun_collect(vm);
    return RUN_NEXT;
}

int ambrun_matchfail(amb_vm *vm, ambv v) {
    char brief[64];
    amberr_raise(vm, AMB_ERR_MATCH, "no arm of the match fits %s (%s)", ambtext_brief(vm, v, brief),
                 ambtype_name(vm, v));
    return RUN_THROW;
}

int ambrun_misfit(amb_vm *vm, ambv v, ambv pattern) {
    char brief[64], kind = pattern.str->data[0]; /* the pattern's text tells what it takes */
    bool type = kind == '[' ? v.tag == TAG_LIST : kind == '(' ? v.tag == TAG_TUPLE
                : kind == '{' ? v.tag == TAG_MAP : v.tag == TAG_LIST || v.tag == TAG_TUPLE;
    amberr_raise(vm, type ? AMB_ERR_VALUE : AMB_ERR_TYPE,
                 "%s (%s) does not fit the pattern %s", ambtext_brief(vm, v, brief),
                 ambtype_name(vm, v), pattern.str->data);
    return RUN_THROW;
}
