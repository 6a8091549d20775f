/* SPDX-License-Identifier: MIT */
/* The handlers of the interpreter, in the order of opcodes.def; included by interp.c only, once,
 * in the form that the way of dispatch needs. */

HANDLER(LOADNIL) { PUT(A, 0, TAG_NIL); NEXT(1); }
HANDLER(LOADTRUE) { PUT(A, 0, TAG_TRUE); NEXT(1); }
HANDLER(LOADFALSE) { PUT(A, 0, TAG_FALSE); NEXT(1); }
HANDLER(LOADUNDEF) { PUT(A, 0, TAG_UNDEF); NEXT(1); }
HANDLER(LOADI) { PUT_INT(A, (int64_t)BC); NEXT(1); }
HANDLER(LOADK) { COPY(A, k[(uint32_t)BC]); NEXT(1); }
HANDLER(MOVE) { COPY(A, R(B)); NEXT(1); }
HANDLER(CHECKDEF) {
    if (AMB_UNLIKELY(R(A).tag == TAG_UNDEF)) SLOW(ambrun_undefined(vm, K(B)), 1);
    NEXT(1);
}
HANDLER(GETM) { COPY(A, *(ambv *)WORD(1)); NEXT(2); }
HANDLER(GETMC) {
    const ambv *s = (ambv *)WORD(1);
    if (AMB_UNLIKELY(s->tag == TAG_UNDEF)) SLOW(ambrun_undefined(vm, K(B)), 1);
    COPY(A, *s);
    NEXT(2);
}
HANDLER(SETM) {
    ambv *s = (ambv *)WORD(1);
    const ambv *v = &R(A);
    s->u = v->u;
    s->tag = v->tag;
    if (v->tag >= TAG_HEAP) ambgc_barrier(vm, ((ambv *)base)[-2].closure->proto->module);
    NEXT(2);
}
HANDLER(GETUP) { COPY(A, ((ambv *)base)[-2].closure->up[B]); NEXT(1); }
HANDLER(GETUPC) {
    const ambv *u = &((ambv *)base)[-2].closure->up[B];
    if (AMB_UNLIKELY(u->tag == TAG_UNDEF)) SLOW(ambrun_undefined(vm, K(C)), 1);
    COPY(A, *u);
    NEXT(1);
}
HANDLER(GETUPCELL) { COPY(A, ((ambv *)base)[-2].closure->up[B].cell->v); NEXT(1); }
HANDLER(GETUPCELLC) {
    const ambv *u = &((ambv *)base)[-2].closure->up[B].cell->v;
    if (AMB_UNLIKELY(u->tag == TAG_UNDEF)) SLOW(ambrun_undefined(vm, K(C)), 1);
    COPY(A, *u);
    NEXT(1);
}
HANDLER(SETUPCELL) {
    amb_cell *c = ((ambv *)base)[-2].closure->up[B].cell;
    const ambv *v = &R(A);
    c->v.u = v->u;
    c->v.tag = v->tag;
    if (v->tag >= TAG_HEAP) ambgc_barrier(vm, c);
    NEXT(1);
}
HANDLER(NEWCELL) {
    amb_cell *c = ambgc_new(vm, sizeof *c, TAG_CELL);
    if (AMB_UNLIKELY(!c)) FAILED(vm->failed);
    const ambv *v = &R(B);
    c->v.u = v->u;
    c->v.tag = v->tag;
    PUT(A, (uint64_t)(uintptr_t)c, TAG_CELL);
    ALLOCATED(1);
}
HANDLER(CELLGET) { COPY(A, R(B).cell->v); NEXT(1); }
HANDLER(CELLGETC) {
    const ambv *u = &R(B).cell->v;
    if (AMB_UNLIKELY(u->tag == TAG_UNDEF)) SLOW(ambrun_undefined(vm, K(C)), 1);
    COPY(A, *u);
    NEXT(1);
}
HANDLER(CELLSET) {
    amb_cell *c = R(A).cell;
    const ambv *v = &R(B);
    c->v.u = v->u;
    c->v.tag = v->tag;
    if (v->tag >= TAG_HEAP) ambgc_barrier(vm, c);
    NEXT(1);
}

HANDLER(ADD) ARITH_OVF(R(B), R(C), __builtin_add_overflow, +, OP_ADD)
HANDLER(SUB) ARITH_OVF(R(B), R(C), __builtin_sub_overflow, -, OP_SUB)
HANDLER(MUL) ARITH_OVF(R(B), R(C), __builtin_mul_overflow, *, OP_MUL)
HANDLER(DIV) ARITH_DIV(R(B), R(C))
HANDLER(FLOORDIV) {
    const ambv *x = &R(B), *y = &R(C);
    if (AMB_LIKELY(BOTH(x, y, TAG_INT) && y->u + 1 > 1)) { /* neither 0 nor -1 */
        int64_t q = x->i / y->i;
        if ((x->i % y->i != 0) & ((x->i ^ y->i) < 0)) q--;
        PUT_INT(A, q);
        NEXT(1);
    }
    SLOW(ambrun_arith(vm, OP_FLOORDIV, *x, *y, A), 1);
}
HANDLER(MOD) {
    const ambv *x = &R(B), *y = &R(C);
    if (AMB_LIKELY(BOTH(x, y, TAG_INT) && y->u + 1 > 1)) {
        int64_t r;
        /* 32-bit division is much cheaper on the processors around */
        if (((x->u | y->u) >> 32) == 0) r = (int64_t)((uint32_t)x->u % (uint32_t)y->u);
        else {
            r = x->i % y->i;
            if (r != 0 && (r ^ y->i) < 0) r += y->i;
        }
        PUT_INT(A, r);
        NEXT(1);
    }
    SLOW(ambrun_arith(vm, OP_MOD, *x, *y, A), 1);
}
HANDLER(POW) { SLOW(ambrun_arith(vm, OP_POW, R(B), R(C), A), 1); }
HANDLER(ADDW) BITS(x->u + y->u, OP_ADDW)
HANDLER(SUBW) BITS(x->u - y->u, OP_SUBW)
HANDLER(MULW) BITS(x->u * y->u, OP_MULW)
HANDLER(BAND) BITS(x->u & y->u, OP_BAND)
HANDLER(BOR) BITS(x->u | y->u, OP_BOR)
HANDLER(BXOR) BITS(x->u ^ y->u, OP_BXOR)
HANDLER(SHL) SHIFT(x->u << y->u, OP_SHL)
HANDLER(SHR) SHIFT(x->i >> y->u, OP_SHR)
HANDLER(USHR) SHIFT(x->u >> y->u, OP_USHR)
HANDLER(ADDI) ARITH_IMM(__builtin_add_overflow, +, OP_ADD)
HANDLER(SUBI) ARITH_IMM(__builtin_sub_overflow, -, OP_SUB)
HANDLER(MULI) ARITH_IMM(__builtin_mul_overflow, *, OP_MUL)
HANDLER(MODI) {
    const ambv *x = &R(B);
    if (AMB_LIKELY(x->tag == TAG_INT)) {
        PUT_INT(A, MODULO(x, SC));
        NEXT(2);
    }
    SLOW(ambrun_arith(vm, OP_MOD, *x, ambv_int(SC), A), 2);
}
HANDLER(FLOORDIVI) {
    const ambv *x = &R(B);
    if (AMB_LIKELY(x->tag == TAG_INT)) {
        int64_t q;
        if (AMB_LIKELY(x->u >> 32 == 0)) q = (int64_t)HIGH_PRODUCT(x->u, WORD(1));
        else {
            q = x->i / SC;
            if (x->i % SC < 0) q--;
        }
        PUT_INT(A, q);
        NEXT(2);
    }
    SLOW(ambrun_arith(vm, OP_FLOORDIV, *x, ambv_int(SC), A), 2);
}
HANDLER(DIVI) {
    const ambv *x = &R(B);
    double d;
    if (AMB_LIKELY(x->tag == TAG_FLOAT)) d = x->f;
    else if (x->tag == TAG_INT) d = (double)x->i;
    else SLOW(ambrun_arith(vm, OP_DIV, *x, ambv_int(SC), A), 1);
    PUT_FLOAT(A, d / (double)SC);
    NEXT(1);
}
HANDLER(MODK) {
    const ambv *x = &R(B);
    int64_t y = K(C).i;
    if (AMB_LIKELY(x->tag == TAG_INT)) {
        PUT_INT(A, MODULO(x, y));
        NEXT(2);
    }
    SLOW(ambrun_arith(vm, OP_MOD, *x, K(C), A), 2);
}
HANDLER(BANDK) BITS_OF(K(C), x->u & y->u, OP_BAND)
HANDLER(BORK) BITS_OF(K(C), x->u | y->u, OP_BOR)
HANDLER(BXORK) BITS_OF(K(C), x->u ^ y->u, OP_BXOR)
HANDLER(BANDI) {
    const ambv *x = &R(B);
    if (AMB_LIKELY(x->tag == TAG_INT)) {
        PUT_INT(A, x->i & SC);
        NEXT(1);
    }
    SLOW(ambrun_arith(vm, OP_BAND, *x, ambv_int(SC), A), 1);
}
HANDLER(SHLI) {
    const ambv *x = &R(B);
    if (AMB_LIKELY(x->tag == TAG_INT)) {
        PUT_INT(A, x->u << C);
        NEXT(1);
    }
    SLOW(ambrun_arith(vm, OP_SHL, *x, ambv_int(C), A), 1);
}
HANDLER(SHRI) {
    const ambv *x = &R(B);
    if (AMB_LIKELY(x->tag == TAG_INT)) {
        PUT_INT(A, x->i >> C);
        NEXT(1);
    }
    SLOW(ambrun_arith(vm, OP_SHR, *x, ambv_int(C), A), 1);
}
HANDLER(USHRI) {
    const ambv *x = &R(B);
    if (AMB_LIKELY(x->tag == TAG_INT)) {
        PUT_INT(A, x->u >> C);
        NEXT(1);
    }
    SLOW(ambrun_arith(vm, OP_USHR, *x, ambv_int(C), A), 1);
}
HANDLER(BXORI) {
    const ambv *x = &R(B);
    if (AMB_LIKELY(x->tag == TAG_INT)) {
        PUT_INT(A, x->i ^ SC);
        NEXT(1);
    }
    SLOW(ambrun_arith(vm, OP_BXOR, *x, ambv_int(SC), A), 1);
}
HANDLER(ADDWK) BITS_OF(K(C), x->u + y->u, OP_ADDW)
HANDLER(MULWK) BITS_OF(K(C), x->u * y->u, OP_MULW)
HANDLER(ADDK) ARITH_OVF(R(B), K(C), __builtin_add_overflow, +, OP_ADD)
HANDLER(SUBK) ARITH_OVF(R(B), K(C), __builtin_sub_overflow, -, OP_SUB)
HANDLER(MULK) ARITH_OVF(R(B), K(C), __builtin_mul_overflow, *, OP_MUL)
HANDLER(DIVK) ARITH_DIV(R(B), K(C))
HANDLER(ADDKR) ARITH_OVF(K(B), R(C), __builtin_add_overflow, +, OP_ADD)
HANDLER(SUBKR) ARITH_OVF(K(B), R(C), __builtin_sub_overflow, -, OP_SUB)
HANDLER(MULKR) ARITH_OVF(K(B), R(C), __builtin_mul_overflow, *, OP_MUL)
HANDLER(DIVKR) ARITH_DIV(K(B), R(C))
HANDLER(ADDKF) ARITH_KF(+, OP_ADD)
HANDLER(SUBKF) ARITH_KF(-, OP_SUB)
HANDLER(MULKF) ARITH_KF(*, OP_MUL)
HANDLER(DIVKF) ARITH_KF(/, OP_DIV)
HANDLER(ADDKRF) ARITH_KRF(+, OP_ADD)
HANDLER(SUBKRF) ARITH_KRF(-, OP_SUB)
HANDLER(MULKRF) ARITH_KRF(*, OP_MUL)
HANDLER(DIVKRF) ARITH_KRF(/, OP_DIV)
HANDLER(NEG) {
    const ambv *x = &R(B);
    if (AMB_LIKELY(x->tag == TAG_INT && x->i != INT64_MIN)) {
        PUT_INT(A, -x->i);
        NEXT(1);
    }
    if (x->tag == TAG_FLOAT) {
        PUT_FLOAT(A, -x->f);
        NEXT(1);
    }
    SLOW(ambrun_unary(vm, OP_NEG, *x, A), 1);
}
HANDLER(BNOT) {
    const ambv *x = &R(B);
    if (AMB_LIKELY(x->tag == TAG_INT)) {
        PUT_INT(A, ~x->i);
        NEXT(1);
    }
    SLOW(ambrun_unary(vm, OP_BNOT, *x, A), 1);
}
HANDLER(NOT) { PUT_BOOL(A, !ambv_truthy(R(B))); NEXT(1); }
HANDLER(EQ) SET_EQ(true, OP_EQ)
HANDLER(NE) SET_EQ(false, OP_NE)
HANDLER(LT) SET_CMP(<, OP_LT)
HANDLER(LE) SET_CMP(<=, OP_LE)
HANDLER(GT) SET_CMP(>, OP_GT)
HANDLER(GE) SET_CMP(>=, OP_GE)
HANDLER(EQI) SET_CMPI(==, OP_EQ)
HANDLER(NEI) SET_CMPI(!=, OP_NE)
HANDLER(LTI) SET_CMPI(<, OP_LT)
HANDLER(LEI) SET_CMPI(<=, OP_LE)
HANDLER(GTI) SET_CMPI(>, OP_GT)
HANDLER(GEI) SET_CMPI(>=, OP_GE)
HANDLER(IN) { SLOW(ambrun_in(vm, R(B), R(C), A), 1); }
HANDLER(SAME) {
    const ambv *x = &R(B), *y = &R(C);
    if (x->tag == TAG_INSTANCE || y->tag == TAG_INSTANCE) {
        if (x->tag != y->tag || x->o->aux32 != y->o->aux32) {
            PUT_BOOL(A, false);
            NEXT(1);
        }
        if (x->o == y->o) {
            PUT_BOOL(A, true);
            NEXT(1);
        }
    }
    SLOW(ambrun_same(vm, *x, *y, A), 1);
}
HANDLER(ISTYPE) {
    const amb_typecheck *t = &((ambv *)base)[-2].closure->proto->types[C];
    PUT_BOOL(A, ambrun_fits(vm, t, R(B), &R(A)));
    NEXT(1);
}
HANDLER(CHECK) {
    const amb_typecheck *t = &((ambv *)base)[-2].closure->proto->types[C];
    ambv *v = &R(A);
    if (AMB_LIKELY(t->mask >> v->tag & 1)) NEXT(2);
    SLOW(ambrun_check(vm, v, t, &R(B), WORD(1)), 2);
}

HANDLER(JMP) { NEXT(1 + BC); }
HANDLER(LOOP) {
    if (AMB_UNLIKELY((vm->slice -= A) < 0)) SLOW(ambrun_poll(vm), 0);
    NEXT(1 + BC);
}
HANDLER(JT) {
    if (ambv_truthy(R(A))) NEXT(1 + BC);
    NEXT(1);
}
HANDLER(JF) {
    if (!ambv_truthy(R(A))) NEXT(1 + BC);
    NEXT(1);
}
HANDLER(JNIL) {
    if (R(A).tag == TAG_NIL) NEXT(1 + BC);
    NEXT(1);
}
HANDLER(JNNIL) {
    if (R(A).tag != TAG_NIL) NEXT(1 + BC);
    NEXT(1);
}
HANDLER(JDEF) {
    if (R(A).tag != TAG_UNDEF) NEXT(1 + BC);
    NEXT(1);
}
HANDLER(JLT) JUMP_CMP(<, true, OP_LT)
HANDLER(JNLT) JUMP_CMP(<, false, OP_LT)
HANDLER(JLE) JUMP_CMP(<=, true, OP_LE)
HANDLER(JNLE) JUMP_CMP(<=, false, OP_LE)
HANDLER(JGT) JUMP_CMP(>, true, OP_GT)
HANDLER(JNGT) JUMP_CMP(>, false, OP_GT)
HANDLER(JGE) JUMP_CMP(>=, true, OP_GE)
HANDLER(JNGE) JUMP_CMP(>=, false, OP_GE)
HANDLER(JEQ) BRANCH_EQ(true, JUMP_ON)
HANDLER(JNE) BRANCH_EQ(false, JUMP_ON)
HANDLER(JLTI) JUMP_CMPI(<, true, OP_LT)
HANDLER(JNLTI) JUMP_CMPI(<, false, OP_LT)
HANDLER(JLEI) JUMP_CMPI(<=, true, OP_LE)
HANDLER(JNLEI) JUMP_CMPI(<=, false, OP_LE)
HANDLER(JGTI) JUMP_CMPI(>, true, OP_GT)
HANDLER(JNGTI) JUMP_CMPI(>, false, OP_GT)
HANDLER(JGEI) JUMP_CMPI(>=, true, OP_GE)
HANDLER(JNGEI) JUMP_CMPI(>=, false, OP_GE)
HANDLER(JEQI) JUMP_CMPI(==, true, OP_EQ)
HANDLER(JNEI) JUMP_CMPI(==, false, OP_EQ)
HANDLER(JLTK) JUMP_CMP_OF(K(B), <, true, OP_LT)
HANDLER(JNLTK) JUMP_CMP_OF(K(B), <, false, OP_LT)
HANDLER(JLEK) JUMP_CMP_OF(K(B), <=, true, OP_LE)
HANDLER(JNLEK) JUMP_CMP_OF(K(B), <=, false, OP_LE)
HANDLER(JGTK) JUMP_CMP_OF(K(B), >, true, OP_GT)
HANDLER(JNGTK) JUMP_CMP_OF(K(B), >, false, OP_GT)
HANDLER(JGEK) JUMP_CMP_OF(K(B), >=, true, OP_GE)
HANDLER(JNGEK) JUMP_CMP_OF(K(B), >=, false, OP_GE)
HANDLER(JEQK) {
    const ambv *x = &R(A), *y = &K(B);
    if (x->tag == TAG_STRING && y->tag == TAG_STRING) {
        if (x->str == y->str || ambstr_equal(x->str, y->str)) NEXT(1 + SC);
        NEXT(1);
    }
    SLOW(ambrun_compare(vm, OP_EQ, *x, *y, true, true, 0), 1);
}
HANDLER(JNEK) {
    const ambv *x = &R(A), *y = &K(B);
    if (x->tag == TAG_STRING && y->tag == TAG_STRING) {
        if (x->str == y->str || ambstr_equal(x->str, y->str)) NEXT(1);
        NEXT(1 + SC);
    }
    SLOW(ambrun_compare(vm, OP_EQ, *x, *y, true, false, 0), 1);
}
HANDLER(JEQNIL) {
    const ambv *x = &R(A);
    if (x->tag == TAG_NIL) NEXT(1 + SC);
    if (AMB_LIKELY(x->tag != TAG_INSTANCE || vm->classes[x->o->aux32]->no_eq)) NEXT(1);
    SLOW(ambrun_compare(vm, OP_EQ, *x, ambv_nil(), true, true, 0), 1);
}
HANDLER(JNENIL) {
    const ambv *x = &R(A);
    if (x->tag == TAG_NIL) NEXT(1);
    if (AMB_LIKELY(x->tag != TAG_INSTANCE || vm->classes[x->o->aux32]->no_eq)) NEXT(1 + SC);
    SLOW(ambrun_compare(vm, OP_EQ, *x, ambv_nil(), true, false, 0), 1);
}
HANDLER(LOOPT) {
    if (ambv_truthy(R(A))) JUMP_BACK(BC);
    NEXT(1);
}
HANDLER(LOOPF) {
    if (!ambv_truthy(R(A))) JUMP_BACK(BC);
    NEXT(1);
}
HANDLER(LOOPLT) LOOP_CMP(R(B), <, true, OP_LT)
HANDLER(LOOPLE) LOOP_CMP(R(B), <=, true, OP_LE)
HANDLER(LOOPGT) LOOP_CMP(R(B), >, true, OP_GT)
HANDLER(LOOPGE) LOOP_CMP(R(B), >=, true, OP_GE)
HANDLER(LOOPEQ) BRANCH_EQ(true, JUMP_BACK)
HANDLER(LOOPNE) BRANCH_EQ(false, JUMP_BACK)
HANDLER(LOOPLTI) LOOP_CMPI(<, true, OP_LT)
HANDLER(LOOPLEI) LOOP_CMPI(<=, true, OP_LE)
HANDLER(LOOPGTI) LOOP_CMPI(>, true, OP_GT)
HANDLER(LOOPGEI) LOOP_CMPI(>=, true, OP_GE)
HANDLER(LOOPEQI) LOOP_CMPI(==, true, OP_EQ)
HANDLER(LOOPNEI) LOOP_CMPI(==, false, OP_EQ)
HANDLER(LOOPLTK) LOOP_CMP(K(B), <, true, OP_LT)
HANDLER(LOOPLEK) LOOP_CMP(K(B), <=, true, OP_LE)
HANDLER(LOOPGTK) LOOP_CMP(K(B), >, true, OP_GT)
HANDLER(LOOPGEK) LOOP_CMP(K(B), >=, true, OP_GE)
HANDLER(JMISI) {
    const ambv *x = &R(A);
    if (AMB_LIKELY(x->tag == TAG_INT)) {
        if (x->i == SB) NEXT(1);
    } else if (x->tag == TAG_FLOAT) {
        if (x->f == SB) NEXT(1);
    }
    NEXT(1 + SC);
}
HANDLER(JMISK) {
    const ambv *x = &R(A);
    if (x->tag == TAG_STRING && (x->str == K(B).str || ambstr_equal(x->str, K(B).str))) NEXT(1);
    NEXT(1 + SC);
}

HANDLER(CALL) DO_CALL
HANDLER(CALLM) DO_CALLM
HANDLER(CALLN) {
    const amb_native_def *def = (const amb_native_def *)WORD(1);
    ambv *args = &R(A) + 2;
    fill_undef(args, B, def->max);
    SAVE();
    ENTER_NATIVE(def);
    vm->called = def;
    amb_status st = def->fn(vm, args, B, &R(A));
    LEAVE_NATIVE();
    if (AMB_UNLIKELY(st != AMB_OK)) FINISH(ambrun_failed(vm, st), 0);
    if (AMB_UNLIKELY(vm->gc_wanted)) ambrun_collect(vm);
    NEXT(2);
}
HANDLER(TAILCALL) {
    const ambv *f = &R(A);
    ambv *frame = (ambv *)base;
    if (AMB_LIKELY(f->tag == TAG_CLOSURE && f->closure->proto->exact == B &&
                   (char *)base + f->closure->proto->frame_bytes <= (char *)vm->stack_end)) {
        amb_closure *c = f->closure;
        const ambv *args = f + 2;
        frame[-2].u = f->u;
        frame[-2].tag = TAG_CLOSURE;
        for (uint32_t i = 0; i < B; i++) {
            uint64_t u = args[i].u, t = args[i].tag;
            frame[i].u = u;
            frame[i].tag = t;
        }
        pc = c->proto->code;
        k = c->proto->k;
        if (AMB_UNLIKELY((vm->slice -= c->proto->cost) < 0)) SLOW(ambrun_poll(vm), 0);
        DISPATCH();
    }
    if (f->tag == TAG_CLASS && makes(f->cls, B)) { /* the frame stays: a RETURN follows */
        amb_closure *c = f->cls->construct.closure;
        R(A).closure = c;
        R(A).tag = TAG_CLOSURE;
        ENTER(c, 1);
    }
    SLOW(ambrun_tailcall(vm, &R(A), B), 1);
}
HANDLER(CALLNAMED) { SLOW(ambrun_call_named(vm, &R(A), B, K(C).tuple), 1); }
HANDLER(CALLSPREAD) { SLOW(ambrun_call_spread(vm, &R(A)), 1); }
HANDLER(INVOKE) DO_INVOKE
HANDLER(INVOKE_PUSH) {
    ambv *self = &R(A) + 2;
    const ambv *v = self + 1;
    if (AMB_LIKELY(self->tag == TAG_LIST)) {
        amb_list *l = self->list;
        if (AMB_LIKELY(l->len < l->cap && !(l->h.flags & (OBJ_FROZEN | OBJ_LOCKED)))) {
            if (AMB_LIKELY(!l->tags)) {
                if (AMB_LIKELY(l->h.aux16 == v->tag)) {
                    l->vals[l->len++] = v->u;
                    if (v->tag >= TAG_HEAP) ambgc_barrier_at(vm, l, l->len - 1);
                    PUT(A, 0, TAG_NIL);
                    NEXT(3);
                }
            } else {
                l->tags[l->len] = (uint8_t)v->tag;
                l->vals[l->len++] = v->u;
                if (v->tag >= TAG_HEAP) ambgc_barrier_at(vm, l, l->len - 1);
                PUT(A, 0, TAG_NIL);
                NEXT(3);
            }
        }
        SAVE();
        amb_status st = amblist_push_slow(vm, l, *v);
        if (AMB_UNLIKELY(st != AMB_OK)) FINISH(ambrun_failed(vm, st), 0);
        PUT(A, 0, TAG_NIL);
        ALLOCATED(3);
    }
    ((amb_instr *)pc)->op = OP_INVOKE; /* of other types, too: for good */
    DISPATCH();
}
HANDLER(INVOKE_POP) {
    const ambv *self = &R(A) + 2;
    if (AMB_LIKELY(self->tag == TAG_LIST)) {
        amb_list *l = self->list;
        if (AMB_LIKELY(l->len && !(l->h.flags & (OBJ_FROZEN | OBJ_LOCKED)))) {
            uint32_t n = --l->len;
            uint64_t t = AMB_LIKELY(!l->tags) ? l->h.aux16 : l->tags[n];
            PUT(A, l->vals[n], t);
            NEXT(3);
        }
    }
    ((amb_instr *)pc)->op = OP_INVOKE; /* other types, and what is an error */
    DISPATCH();
}
HANDLER(INVOKEPRIV) {
    ambv *self = &R(A) + 2;
    const amb_cache *cache = CACHE_OF(pc);
    if (AMB_LIKELY(cache->key == cache_key(*self) && cache->kind == CACHE_CLOSURE)) {
        amb_closure *c = CACHE_PTR(pc);
        R(A).closure = c;
        R(A).tag = TAG_CLOSURE;
        ENTER(c, 3);
        SLOW(ambrun_enter(vm, &R(A), c, FRAME_CALL, 0, pc + 3), 3);
    }
    SLOW(ambrun_invoke(vm, true), 3);
}
HANDLER(SUPERCALL) { SLOW(ambrun_super(vm, true), 1); }
HANDLER(SUPERGET) { SLOW(ambrun_super(vm, false), 1); }
HANDLER(SUPERFIELDS) { SLOW(ambrun_superfields(vm, false), 1); }
HANDLER(SUPERFIELDSNAMED) { SLOW(ambrun_superfields(vm, true), 1); }
HANDLER(SUPERINIT) { SLOW(ambrun_init(vm, ((ambv *)base)[-2].closure->home->parent), 1); }
HANDLER(INIT) { SLOW(ambrun_init(vm, ((ambv *)base)[-2].closure->home), 1); }
HANDLER(RETURN) DO_RETURN
HANDLER(RETNIL) {
    ambv *h = (ambv *)base - 1;
    uint64_t tag = h->tag;
    if (AMB_LIKELY((tag & 0xff00) == 0)) {
        pc = h->p;
        base -= tag >> 32;
        TRACK(base);
        h[-1].u = 0;
        h[-1].tag = TAG_NIL;
        k = ((ambv *)base)[-2].closure->proto->k;
        DISPATCH();
    }
    SLOW(ambrun_return(vm, ambv_nil()), 0);
}
HANDLER(THROW) { SLOW(ambrun_throw(vm, R(A)), 1); }
HANDLER(GENERATOR) { SLOW(ambrun_generator(vm), 1); }
HANDLER(YIELD) { SLOW(ambrun_yield(vm, R(A)), 1); }

HANDLER(CTOR) {
    if (AMB_LIKELY(R(A).tag == TAG_CLASS && R(A).cls->construct.tag == TAG_CLOSURE)) R(A) = R(A).cls->construct;
    NEXT(1);
}
HANDLER(CHECKOWN) { SLOW(ambrun_checkown(vm, A, K(B).str), 1); }
HANDLER(NEW) {
    amb_class *c = ((ambv *)base)[-2].closure->home;
    amb_instance *o = ambclass_instance(vm, c);
    if (AMB_UNLIKELY(!o)) FAILED(vm->failed);
    PUT(A, (uint64_t)(uintptr_t)o, TAG_INSTANCE);
    ALLOCATED(1);
}
HANDLER(GETSELF) {
    const char *o = R(0).p;
    PUT(A, *(const uint64_t *)(o + C), *(const uint8_t *)(o + B));
    NEXT(1);
}
HANDLER(SETSELF) {
    char *o = R(0).p;
    const ambv *v = &R(A);
    *(uint64_t *)(o + C) = v->u;
    *(uint8_t *)(o + B) = (uint8_t)v->tag;
    if (v->tag >= TAG_HEAP) ambgc_barrier(vm, o);
    NEXT(1);
}
HANDLER(GETSLOT) {
    ambv v = ambinst_get(R(B).inst, C);
    PUT(A, v.u, v.tag);
    NEXT(1);
}
HANDLER(SETSLOT) {
    amb_instance *o = R(A).inst;
    ambinst_put(o, C, R(B));
    ambgc_barrier(vm, o);
    NEXT(1);
}
HANDLER(SETOWN) {
    const amb_class *parent = ((ambv *)base)[-2].closure->home->parent;
    amb_instance *o = R(A).inst;
    ambinst_put(o, C + (parent ? parent->nfields : 0u), R(B));
    ambgc_barrier(vm, o);
    NEXT(1);
}
HANDLER(GETFIELD) DO_GETFIELD
HANDLER(SETFIELD) WRITE_FIELD(false)
HANDLER(GETPRIV) {
    const ambv *o = &R(B);
    READ_FIELD(o, CACHE_OF(pc));
    SLOW(ambrun_getfield(vm, *o, K(C).str, true, A), 2);
}
HANDLER(SETPRIV) WRITE_FIELD(true)
HANDLER(LEN) {
    const ambv *o = &R(B);
    switch (o->tag) {
    case TAG_LIST: PUT_INT(A, o->list->len); NEXT(2);
    case TAG_STRING: PUT_INT(A, o->str->chars); NEXT(2);
    case TAG_MAP:
    case TAG_SET: PUT_INT(A, o->map->count); NEXT(2);
    case TAG_TUPLE: PUT_INT(A, o->o->aux32); NEXT(2);
    default: break;
    }
    READ_FIELD(o, CACHE_OF(pc));
    SLOW(ambrun_getfield(vm, *o, K(C).str, false, A), 2);
}
HANDLER(GETIDX) DO_GETIDX
HANDLER(GETIDXI) {
    const ambv *o = &R(B);
    if (AMB_LIKELY(o->tag == TAG_LIST)) {
        const amb_list *l = o->list;
        uint64_t n = (uint64_t)(int64_t)SC;
        if (AMB_LIKELY(IN_LIST(n, l))) {
            uint64_t t = AMB_LIKELY(!l->tags) ? l->h.aux16 : l->tags[n];
            PUT(A, l->vals[n], t);
            NEXT(1);
        }
    } else if (o->tag == TAG_TUPLE && (uint64_t)(int64_t)SC < o->o->aux32) {
        COPY(A, o->tuple->vals[SC]);
        NEXT(1);
    }
    SLOW(ambrun_getindex(vm, *o, ambv_int(SC), A), 1);
}
HANDLER(GETIDXK) {
    const ambv *o = &R(B);
    if (AMB_LIKELY(o->tag == TAG_MAP)) {
        const amb_entry *e = ambmap_find_str(vm, o->map, K(C).str);
        if (e) PUT(A, e->val, e->vtag);
        else PUT(A, 0, TAG_NIL);
        NEXT(1);
    }
    SLOW(ambrun_getindex(vm, *o, K(C), A), 1);
}
HANDLER(SETIDX) DO_SETIDX
HANDLER(SETIDXK) { SLOW(ambrun_setindex(vm, R(A), K(B), R(C)), 1); }
HANDLER(SLICE) { SLOW(ambrun_slice(vm, R(B), R(C), (&R(C))[1], false, A), 1); }
HANDLER(SLICEC) { SLOW(ambrun_slice(vm, R(B), R(C), (&R(C))[1], true, A), 1); }
HANDLER(NEWLIST) {
    amb_list *l = amblist_of(vm, &R(B), C);
    if (AMB_UNLIKELY(!l)) FAILED(vm->failed);
    PUT(A, (uint64_t)(uintptr_t)l, TAG_LIST);
    ALLOCATED(1);
}
HANDLER(PUSH) {
    if (AMB_UNLIKELY(amblist_push_slow(vm, R(A).list, R(B)) != AMB_OK)) FAILED(vm->failed);
    ALLOCATED(1);
}
HANDLER(NEWMAP) {
    amb_map *m = ambmap_new(vm, B);
    if (AMB_UNLIKELY(!m)) FAILED(vm->failed);
    PUT(A, (uint64_t)(uintptr_t)m, TAG_MAP);
    ALLOCATED(1);
}
HANDLER(MAPPUT) { SLOW(ambrun_mapput(vm, R(A).map, R(B), R(C)), 1); }
HANDLER(NEWTUPLE) {
    uint32_t n = C;
    amb_tuple *t = ambtuple_new(vm, n);
    if (AMB_UNLIKELY(!t)) FAILED(vm->failed);
    memcpy(t->vals, &R(B), n * sizeof(ambv));
    PUT(A, (uint64_t)(uintptr_t)t, TAG_TUPLE);
    ALLOCATED(1);
}
HANDLER(NAMES) {
    amb_tuple *t = R(A).tuple;
    t->names = K(B).tuple;
    ambgc_barrier(vm, t);
    NEXT(1);
}
HANDLER(NEWRANGE) { SLOW(ambrun_range(vm, R(B), R(C), false, A), 1); }
HANDLER(NEWRANGEC) { SLOW(ambrun_range(vm, R(B), R(C), true, A), 1); }
HANDLER(TOSTR) {
    const ambv *v = &R(B);
    if (v->tag == TAG_STRING || v->tag == TAG_INT) { /* CONCAT writes ints itself */
        COPY(A, *v);
        NEXT(1);
    }
    SLOW(ambrun_tostr(vm, *v, A), 1);
}
HANDLER(CONCAT) {
    amb_string *s = ambstr_join_values(vm, &R(B), C);
    if (AMB_UNLIKELY(!s)) SLOW(ambrun_failed(vm, vm->failed), 0);
    PUT(A, (uint64_t)(uintptr_t)s, TAG_STRING);
    ALLOCATED(1);
}
HANDLER(FORMAT) { SLOW(ambrun_format(vm, R(B), R(C), A), 1); }
HANDLER(CLOSURE) {
    SAVE();
    amb_closure *c = ambrun_closure(vm, ((ambv *)base)[-2].closure->proto->protos[(uint32_t)BC]);
    if (AMB_UNLIKELY(!c)) FAILED(vm->failed);
    PUT(A, (uint64_t)(uintptr_t)c, TAG_CLOSURE);
    ALLOCATED(1);
}
HANDLER(CLASS) {
    SLOW(ambrun_class(vm, &((ambv *)base)[-2].closure->proto->classes[(uint32_t)BC], &R(A)), 1);
}
HANDLER(SETSTATIC) { SLOW(ambrun_setstatic(vm, R(A).cls, K(C).str, R(B)), 1); }

HANDLER(FORPREP) { SLOW(ambrun_forprep(vm, &R(A)), 1); }
HANDLER(FORNEXT) {
    ambv *s = &R(A);
    if (AMB_LIKELY(s->tag == TAG_LIST)) {
        const amb_list *l = s->list;
        uint64_t i = s[1].u;
        if (AMB_LIKELY(l->len == s[2].u)) {
            if (i == l->len) NEXT(1);
            uint64_t t = AMB_LIKELY(!l->tags) ? l->h.aux16 : l->tags[i];
            PUT(B, l->vals[i], t);
            s[1].u = i + 1;
            if (AMB_UNLIKELY((vm->slice -= 4) < 0)) SLOW(ambrun_poll_jump(vm), 1);
            NEXT(1 + SC);
        }
    } else if (s->tag == TAG_RANGE) {
        if (s[2].u == 0) NEXT(1);
        s[2].u--;
        PUT_INT(B, s[1].i);
        s[1].u += (uint64_t)s->range->step;
        if (AMB_UNLIKELY((vm->slice -= 4) < 0)) SLOW(ambrun_poll_jump(vm), 1);
        NEXT(1 + SC);
    }
    if (s->tag == TAG_STRING && AMB_LIKELY(ambstr_is_ascii(s->str))) {
        const amb_string *t = s->str;
        uint64_t i = s[1].u;
        if (i >= t->len) NEXT(1);
        PUT(B, (uint64_t)(uintptr_t)vm->ascii[(unsigned char)t->data[i]], TAG_STRING);
        s[1].u = i + 1;
        if (AMB_UNLIKELY((vm->slice -= 4) < 0)) SLOW(ambrun_poll_jump(vm), 1);
        NEXT(1 + SC);
    }
    SLOW(ambrun_fornext(vm, false), 1);
}
HANDLER(FORNEXT2) {
    ambv *s = &R(A);
    if (AMB_LIKELY(s->tag == TAG_MAP && s->map->version == (uint32_t)s[2].u)) {
        const amb_map *m = s->map;
        uint64_t i = s[1].u;
        while (i < m->used && m->entries[i].ktag == TAG_UNDEF) i++;
        s[1].u = i + 1;
        if (i >= m->used) NEXT(1);
        const amb_entry *e = &m->entries[i];
        ambv *to = &R(B);
        to[0].u = e->key;
        to[0].tag = e->ktag;
        to[1].u = e->val;
        to[1].tag = e->vtag;
        if (AMB_UNLIKELY((vm->slice -= 4) < 0)) SLOW(ambrun_poll_jump(vm), 1);
        NEXT(1 + SC);
    }
    if (s->tag == TAG_LIST) {
        const amb_list *l = s->list;
        uint64_t i = s[1].u;
        if (AMB_LIKELY(l->len == s[2].u)) {
            if (i == l->len) NEXT(1);
            const amb_tuple *t = (const amb_tuple *)(uintptr_t)l->vals[i];
            if (AMB_LIKELY((l->tags ? l->tags[i] : l->h.aux16) == TAG_TUPLE && t->h.aux32 == 2)) {
                COPY(B, t->vals[0]);
                COPY(B + sizeof(ambv), t->vals[1]);
                s[1].u = i + 1;
                if (AMB_UNLIKELY((vm->slice -= 4) < 0)) SLOW(ambrun_poll_jump(vm), 1);
                NEXT(1 + SC);
            }
        }
    }
    SLOW(ambrun_fornext(vm, true), 1);
}
HANDLER(FORRANGE) {
    ambv *s = &R(A);
    if (AMB_LIKELY(BOTH(&s[0], &s[1], TAG_INT))) {
        if (s[0].i >= s[1].i) NEXT(1 + BC);
        s[1].i--; /* the last value, so that one test serves both kinds of range */
        NEXT(1);
    }
    SLOW(ambrun_forrange(vm), 1);
}
HANDLER(FORRANGEC) {
    ambv *s = &R(A);
    if (AMB_LIKELY(BOTH(&s[0], &s[1], TAG_INT))) {
        if (s[0].i > s[1].i) NEXT(1 + BC);
        NEXT(1);
    }
    SLOW(ambrun_forrange(vm), 1);
}
HANDLER(FORLOOP) DO_FORLOOP
HANDLER(SPAWN) { SLOW(ambtask_op_spawn(vm, &R(A), B, WORD(1), (WORD(1) & 1 << 17) ? K(C) : ambv_nil()), 2); }
HANDLER(REGION) { SLOW(ambtask_op_region(vm, &R(A), B), 1); }
HANDLER(REGIONEND) { SLOW(ambtask_op_region_end(vm, &R(A)), 1); }
HANDLER(REGIONFAIL) { SLOW(ambtask_op_region_fail(vm, &R(A), R(B)), 1); }
HANDLER(SELECT) { SLOW(ambtask_op_select(vm, &R(A), B, C != 0), 1); }
HANDLER(REDO) { SLOW(ambtask_redo(vm), 1); }
HANDLER(CLOSEITER) {
    if (AMB_LIKELY(R(A).tag != TAG_GENERATOR && R(A).tag != TAG_CAP)) NEXT(1);
    SLOW(ambrun_closeiter(vm, &R(A)), 1);
}

HANDLER(TESTLIST) {
    const ambv *v = &R(B);
    uint32_t want = C & 0x7fff;
    bool fits = v->tag == TAG_LIST && (C & 0x8000 ? v->list->len >= want : v->list->len == want);
    PUT_BOOL(A, fits);
    NEXT(1);
}
HANDLER(TESTTUPLE) {
    const ambv *v = &R(B);
    uint32_t want = C & 0x7fff;
    bool fits = v->tag == TAG_TUPLE && (C & 0x8000 ? v->o->aux32 >= want : v->o->aux32 == want);
    PUT_BOOL(A, fits);
    NEXT(1);
}
HANDLER(ELEM) {
    const ambv *o = &R(B);
    int64_t n = SC;
    ambv v;
    if (o->tag == TAG_TUPLE) v = o->tuple->vals[n < 0 ? (int64_t)o->o->aux32 + n : n];
    else {
        /* A getter or an operator that the pattern runs may have shortened the list since its test. */
        if (n < 0) n += o->list->len;
        if (AMB_UNLIKELY((uint64_t)n >= o->list->len)) SLOW(ambrun_getindex(vm, *o, ambv_int(n), A), 1);
        v = amblist_at(o->list, (uint32_t)n);
    }
    PUT(A, v.u, v.tag);
    NEXT(1);
}
HANDLER(TAIL) { SLOW(ambrun_tail(vm, R(B), C & 255, C >> 8, A), 1); }
HANDLER(ISINST) {
    const ambv *v = &R(B), *c = &R(C);
    if (AMB_LIKELY(c->tag == TAG_CLASS)) {
        bool same = v->tag == TAG_INSTANCE && v->o->aux32 == c->o->aux32;
        /* a case has no subclasses: a different class decides, too */
        if (same || v->tag != TAG_INSTANCE || (c->o->flags & CLASS_CASE)) {
            PUT_BOOL(A, same);
            NEXT(1);
        }
    }
    SLOW(ambrun_isinst(vm, R(B), R(C), A), 1);
}
HANDLER(PATFIELD) {
    const ambv *c = &R(A);
    if (AMB_LIKELY(c->tag == TAG_CLASS && (c->o->flags & CLASS_CASE) && C < c->cls->nfields)) {
        ambv v = ambinst_get(R(B).inst, C);
        PUT(A, v.u, v.tag);
        NEXT(1);
    }
    SLOW(ambrun_patfield(vm, R(A), R(B), C, A), 1);
}
HANDLER(MAPREST) { SLOW(ambrun_maprest(vm, R(B).map, R(C).list, A), 1); }
HANDLER(MATCHFAIL) { SLOW(ambrun_matchfail(vm, R(A)), 1); }
HANDLER(MISFIT) { SLOW(ambrun_misfit(vm, R(A), K(B)), 1); }

HANDLER(IMPORT) { SLOW(ambrun_import(vm, k[(uint32_t)BC].module), 1); }
HANDLER(USE) { SLOW(ambrun_input(vm, B, false, A), 1); }
HANDLER(NEED) { SLOW(ambrun_input(vm, B, true, A), 1); }
HANDLER(WITH) {
    amb_module *m = K(B).module;
    m->needs[C] = R(A);
    ambgc_barrier(vm, m);
    NEXT(1);
}
HANDLER(ARGS) {
    COPY(A, ((ambv *)base)[-2].closure->proto->module->args);
    NEXT(1);
}
HANDLER(FREEZE) { SLOW(ambrun_freeze_op(vm, R(A)), 1); }
