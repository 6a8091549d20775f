/* SPDX-License-Identifier: MIT */
/* Handlers of instructions that stand for two or more (fuse.c says which); included by interp.c
 * only.
 *
 * Each does the work of all when the operands are what they usually are. When they are not it does
 * no more than the first instruction would, and the others run by themselves: they are all still
 * there. A body DO_X (interp.c) with pc at the instruction X ends a handler whose own part cannot
 * fail any more. */
HANDLER(ADD_ADD) PAIR(ADD, ADD)
HANDLER(ADD_SUB) PAIR(ADD, SUB)
HANDLER(ADD_RSUB) PAIR(ADD, RSUB)
HANDLER(ADD_MUL) PAIR(ADD, MUL)
HANDLER(SUB_ADD) PAIR(SUB, ADD)
HANDLER(SUB_SUB) PAIR(SUB, SUB)
HANDLER(SUB_RSUB) PAIR(SUB, RSUB)
HANDLER(SUB_MUL) PAIR(SUB, MUL)
HANDLER(MUL_ADD) PAIR(MUL, ADD)
HANDLER(MUL_SUB) PAIR(MUL, SUB)
HANDLER(MUL_RSUB) PAIR(MUL, RSUB)
HANDLER(MUL_MUL) PAIR(MUL, MUL)
HANDLER(GETIDX_GETIDX) {
    const ambv *o = &R(B), *i = &R(C), *j = &R(pc[1].c);
    if (AMB_LIKELY(o->tag == TAG_LIST && i->tag == TAG_INT)) {
        const amb_list *l = o->list;
        uint64_t n = i->u;
        if (AMB_LIKELY(n < l->len)) {
            uint64_t u = l->vals[n], t = AMB_LIKELY(!l->tags) ? l->h.aux16 : l->tags[n], m = j->u;
            const amb_list *in = (const amb_list *)(uintptr_t)u;
            if (AMB_LIKELY(t == TAG_LIST && j->tag == TAG_INT && m < in->len)) {
                PUT(A, u, t);
                t = AMB_LIKELY(!in->tags) ? in->h.aux16 : in->tags[m];
                PUT(pc[1].a, in->vals[m], t);
                NEXT(2);
            }
            PUT(A, u, t);
            NEXT(1);
        }
    }
    SLOW(ambrun_getindex(vm, *o, *i, A), 1);
}
HANDLER(GETIDX_ADD) ELEMENT_PAIR(__builtin_add_overflow, +)
HANDLER(GETIDX_MUL) ELEMENT_PAIR(__builtin_mul_overflow, *)
HANDLER(MOVE_MOVE) {
    COPY(A, R(B));
    COPY(pc[1].a, R(pc[1].b));
    NEXT(2);
}
HANDLER(MODI_JEQI) MOD_BRANCH(==)
HANDLER(MODI_JNEI) MOD_BRANCH(!=)
HANDLER(MOVE_CALL) {
    COPY(A, R(B));
    pc++;
    DO_CALL
}
HANDLER(MOVE_CALLM) {
    COPY(A, R(B));
    pc++;
    DO_CALLM
}
HANDLER(MOVE_INVOKE) {
    COPY(A, R(B));
    pc++;
    if (AMB_UNLIKELY(pc->op != OP_INVOKE)) { /* it has become INVOKE_PUSH */
        ((amb_instr *)pc)[-1].op = OP_MOVE;
        DISPATCH();
    }
    DO_INVOKE
}
HANDLER(GETSELF_RETURN) {
    const char *o = R(0).p;
    PUT(A, *(const uint64_t *)(o + C), *(const uint8_t *)(o + B));
    pc++;
    DO_RETURN
}
HANDLER(ADD_RETURN) ARITH_THEN(__builtin_add_overflow, +, OP_ADD, DO_RETURN)
HANDLER(SUB_RETURN) ARITH_THEN(__builtin_sub_overflow, -, OP_SUB, DO_RETURN)
HANDLER(MUL_RETURN) ARITH_THEN(__builtin_mul_overflow, *, OP_MUL, DO_RETURN)
HANDLER(ADD_FORLOOP) ARITH_THEN(__builtin_add_overflow, +, OP_ADD, DO_FORLOOP)
HANDLER(ADDI_FORLOOP) {
    const ambv *x = &R(B);
    int64_t r;
    if (AMB_LIKELY(x->tag == TAG_INT && !__builtin_add_overflow(x->i, (int64_t)SC, &r))) {
        PUT_INT(A, r);
        pc++;
        DO_FORLOOP
    }
    if (x->tag == TAG_FLOAT) {
        PUT_FLOAT(A, x->f + (double)SC);
        NEXT(1);
    }
    SLOW(ambrun_arith(vm, OP_ADD, *x, ambv_int(SC), A), 1);
}
HANDLER(ADD_ADDI) {
    const ambv *x = &R(B), *y = &R(C);
    if (AMB_LIKELY(BOTH(x, y, TAG_INT))) {
        int64_t t, r;
        if (AMB_LIKELY(!__builtin_add_overflow(x->i, y->i, &t))) {
            if (AMB_LIKELY(!__builtin_add_overflow(t, (int64_t)(int16_t)pc[1].c, &r))) {
                PUT_INT(A, t);
                PUT_INT(pc[1].a, r);
                NEXT(2);
            }
            PUT_INT(A, t);
            NEXT(1);
        }
    } else if (AMB_LIKELY(BOTH(x, y, TAG_FLOAT))) {
        double t = x->f + y->f;
        PUT_FLOAT(A, t);
        PUT_FLOAT(pc[1].a, t + (double)(int16_t)pc[1].c);
        NEXT(2);
    } else if (NUMBERS(x, y)) {
        PUT_FLOAT(A, ambv_to_double(*x) + ambv_to_double(*y));
        NEXT(1);
    }
    SLOW(ambrun_arith(vm, OP_ADD, *x, *y, A), 1);
}
HANDLER(MULI_ADD)
CONST_PAIR(ambv_int(SC), (int64_t)SC, __builtin_mul_overflow, *, OP_MUL, R(OTHER),
           z->tag == TAG_INT && !__builtin_add_overflow(t, z->i, &r))
HANDLER(MULI_ADDI)
CONST_PAIR(ambv_int(SC), (int64_t)SC, __builtin_mul_overflow, *, OP_MUL, R(B),
           !__builtin_add_overflow(t, (int64_t)(int16_t)pc[1].c, &r))
HANDLER(MULI_ADDK)
CONST_PAIR(ambv_int(SC), (int64_t)SC, __builtin_mul_overflow, *, OP_MUL, K(pc[1].c),
           !__builtin_add_overflow(t, z->i, &r))
HANDLER(MULK_ADDI)
CONST_PAIR(K(C), K(C).i, __builtin_mul_overflow, *, OP_MUL, R(B),
           !__builtin_add_overflow(t, (int64_t)(int16_t)pc[1].c, &r))
HANDLER(SETIDX_FORLOOP) {
    const ambv *o = &R(A), *i = &R(B), *v = &R(C);
    if (AMB_LIKELY(o->tag == TAG_LIST && i->tag == TAG_INT)) {
        amb_list *l = o->list;
        uint64_t n = i->u;
        if (AMB_LIKELY(n < l->len && !(l->h.flags & (OBJ_FROZEN | OBJ_LOCKED)) && !l->tags &&
                       l->h.aux16 == v->tag)) {
            l->vals[n] = v->u;
            if (v->tag >= TAG_HEAP) ambgc_barrier_at(vm, l, (uint32_t)n);
            pc++;
            DO_FORLOOP
        }
    }
    DO_SETIDX
}
HANDLER(LT_RETURN) {
    const ambv *x = &R(B), *y = &R(C);
    if (AMB_LIKELY(BOTH(x, y, TAG_INT))) PUT_BOOL(A, x->i < y->i);
    else if (BOTH(x, y, TAG_FLOAT)) PUT_BOOL(A, x->f < y->f);
    else SLOW(ambrun_compare(vm, OP_LT, *x, *y, false, true, A), 1);
    pc++;
    DO_RETURN
}
HANDLER(UPCELL_ADDI) {
    amb_cell *c = ((ambv *)base)[-2].closure->up[B].cell;
    int64_t r;
    if (AMB_LIKELY(c->v.tag == TAG_INT && !__builtin_add_overflow(c->v.i, (int16_t)pc[1].c, &r))) {
        c->v.i = r;
        PUT_INT(A, r);
        NEXT(3);
    }
    COPY(A, c->v);
    NEXT(1);
}
HANDLER(SELF_ADDI) {
    char *o = R(0).p;
    int64_t r;
    if (AMB_LIKELY(*(uint8_t *)(o + B) == TAG_INT &&
                   !__builtin_add_overflow(*(int64_t *)(o + C), (int16_t)pc[1].c, &r))) {
        *(int64_t *)(o + C) = r;
        PUT_INT(A, r);
        NEXT(3);
    }
    PUT(A, *(const uint64_t *)(o + C), *(const uint8_t *)(o + B));
    NEXT(1);
}
HANDLER(ELEM_ADDI) {
    const ambv *o = &R(B), *i = &R(C);
    if (AMB_LIKELY(o->tag == TAG_LIST && i->tag == TAG_INT)) {
        amb_list *l = o->list;
        uint64_t n = i->u;
        int64_t r;
        if (AMB_LIKELY(n < l->len && !(l->h.flags & (OBJ_FROZEN | OBJ_LOCKED)) &&
                       (l->tags ? l->tags[n] : l->h.aux16) == TAG_INT &&
                       !__builtin_add_overflow((int64_t)l->vals[n], (int16_t)pc[1].c, &r))) {
            l->vals[n] = (uint64_t)r;
            PUT_INT(A, r);
            NEXT(3);
        }
    }
    DO_GETIDX
}
HANDLER(ELEM_ADD) {
    const ambv *o = &R(B), *i = &R(C), *y = &R(pc[1].c);
    if (AMB_LIKELY(o->tag == TAG_LIST && i->tag == TAG_INT)) {
        amb_list *l = o->list;
        uint64_t n = i->u;
        if (AMB_LIKELY(n < l->len && !(l->h.flags & (OBJ_FROZEN | OBJ_LOCKED)))) {
            uint64_t t = l->tags ? l->tags[n] : l->h.aux16;
            int64_t r;
            if (AMB_LIKELY(t == TAG_INT && y->tag == TAG_INT &&
                           !__builtin_add_overflow((int64_t)l->vals[n], y->i, &r))) {
                l->vals[n] = (uint64_t)r;
                PUT_INT(A, r);
                NEXT(3);
            }
            if (AMB_LIKELY(t == TAG_FLOAT && y->tag == TAG_FLOAT)) {
                ambv e = {.u = l->vals[n]};
                e.f += y->f;
                l->vals[n] = e.u;
                PUT_FLOAT(A, e.f);
                NEXT(3);
            }
        }
    }
    DO_GETIDX
}
HANDLER(CASE_ISINST) {
    /* words: GETM, slot, GETFIELD, cache, ISINST, JF */
    const ambv *s = (ambv *)WORD(1);
    const amb_cache *cache = CACHE_OF(pc + 2);
    if (AMB_LIKELY(s->tag == TAG_CLASS && (s->o->aux32 | AMB_CACHE_CLASS) == cache->key)) {
        const ambv *c = &s->cls->members[cache->slot].fn, *v = &R(pc[4].b);
        if (AMB_LIKELY(c->tag == TAG_CLASS && (c->o->flags & CLASS_CASE))) {
            bool same = v->tag == TAG_INSTANCE && v->o->aux32 == c->o->aux32;
            PUT(A, s->u, s->tag);
            COPY(pc[2].a, *c);
            PUT_BOOL(pc[4].a, same);
            if (same) NEXT(6);
            NEXT(6 + (int32_t)((uint32_t)pc[5].b | (uint32_t)pc[5].c << 16));
        }
    }
    COPY(A, *s);
    NEXT(2);
}
HANDLER(CASE_SAME) {
    const ambv *s = (ambv *)WORD(1);
    const amb_cache *cache = CACHE_OF(pc + 2);
    if (AMB_LIKELY(s->tag == TAG_CLASS && (s->o->aux32 | AMB_CACHE_CLASS) == cache->key)) {
        const ambv *c = &s->cls->members[cache->slot].fn, *v = &R(pc[4].b);
        /* the case is known by its identity, any other one by its class */
        if (AMB_LIKELY(c->tag == TAG_INSTANCE)) {
            bool same = v->tag == TAG_INSTANCE && v->o == c->o;
            if (same || v->tag != TAG_INSTANCE || v->o->aux32 != c->o->aux32) {
                PUT(A, s->u, s->tag);
                PUT_BOOL(pc[4].a, same);
                if (same) NEXT(6);
                NEXT(6 + (int32_t)((uint32_t)pc[5].b | (uint32_t)pc[5].c << 16));
            }
        }
    }
    COPY(A, *s);
    NEXT(2);
}
HANDLER(ADDI_LOOPLT) STEP_LOOP(ambv_int(SC), R(pc[1].b).tag == TAG_INT, R(pc[1].b).i, <)
HANDLER(ADDI_LOOPLE) STEP_LOOP(ambv_int(SC), R(pc[1].b).tag == TAG_INT, R(pc[1].b).i, <=)
HANDLER(ADDI_LOOPLTI) STEP_LOOP(ambv_int(SC), true, (int16_t)pc[1].b, <)
HANDLER(ADD_LOOPLT) STEP_LOOP(R(C), R(pc[1].b).tag == TAG_INT, R(pc[1].b).i, <)
HANDLER(ADD_LOOPLE) STEP_LOOP(R(C), R(pc[1].b).tag == TAG_INT, R(pc[1].b).i, <=)
HANDLER(LOADTRUE_SETIDX) {
    PUT(A, 0, TAG_TRUE);
    pc++;
    DO_SETIDX
}
HANDLER(LOADFALSE_SETIDX) {
    PUT(A, 0, TAG_FALSE);
    pc++;
    DO_SETIDX
}
HANDLER(LOADI_SETIDX) {
    PUT_INT(A, (int64_t)BC);
    pc++;
    DO_SETIDX
}
HANDLER(MOVE_MOVE_CALL) {
    COPY(A, R(B));
    COPY(pc[1].a, R(pc[1].b));
    pc += 2;
    DO_CALL
}
HANDLER(MOVE_MOVE_CALLM) {
    COPY(A, R(B));
    COPY(pc[1].a, R(pc[1].b));
    pc += 2;
    DO_CALLM
}
HANDLER(SUBI_CALLM) {
    const ambv *x = &R(B);
    int64_t r;
    if (AMB_LIKELY(x->tag == TAG_INT && !__builtin_sub_overflow(x->i, (int64_t)SC, &r))) {
        PUT_INT(A, r);
        pc++;
        DO_CALLM
    }
    if (x->tag == TAG_FLOAT) {
        PUT_FLOAT(A, x->f - (double)SC);
        NEXT(1);
    }
    SLOW(ambrun_arith(vm, OP_SUB, *x, ambv_int(SC), A), 1);
}
HANDLER(GETSELF_GETSELF) {
    const char *o = R(0).p;
    PUT(A, *(const uint64_t *)(o + C), *(const uint8_t *)(o + B));
    o = R(0).p;
    PUT(pc[1].a, *(const uint64_t *)(o + pc[1].c), *(const uint8_t *)(o + pc[1].b));
    NEXT(2);
}
HANDLER(GETSELF_GETFIELD) {
    const char *o_ = R(0).p;
    PUT(A, *(const uint64_t *)(o_ + C), *(const uint8_t *)(o_ + B));
    pc++;
    DO_GETFIELD
}
HANDLER(GETSELF_GETIDX) {
    const char *o_ = R(0).p;
    PUT(A, *(const uint64_t *)(o_ + C), *(const uint8_t *)(o_ + B));
    pc++;
    DO_GETIDX
}
HANDLER(GETUP_GETIDX) {
    COPY(A, ((ambv *)base)[-2].closure->up[B]);
    pc++;
    DO_GETIDX
}
HANDLER(GETFIELD_GETFIELD) {
    const ambv *x = &R(B);
    const amb_cache *known = CACHE_OF(pc);
    if (AMB_LIKELY(x->tag == TAG_INSTANCE && x->o->aux32 == known->key)) {
        ambv v_ = ambinst_get(x->inst, known->slot);
        PUT(A, v_.u, v_.tag);
        pc += 2;
    }
    DO_GETFIELD
}
HANDLER(GETIDX_GETFIELD) ELEMENT_THEN(DO_GETFIELD)
HANDLER(GETIDX_SETIDX) ELEMENT_THEN(DO_SETIDX)
HANDLER(ADDI_GETIDX) INDEX_THEN(__builtin_add_overflow, +, OP_ADD)
HANDLER(SUBI_GETIDX) INDEX_THEN(__builtin_sub_overflow, -, OP_SUB)
HANDLER(NEW_FILL) {
    amb_instance *o = ambclass_instance(vm, ((ambv *)base)[-2].closure->home);
    if (AMB_UNLIKELY(!o)) FAILED(vm->failed);
    PUT(A, (uint64_t)(uintptr_t)o, TAG_INSTANCE);
    const amb_instr *f = pc + 1;
    do ambinst_put(o, f->c, R(f->b));
    while ((++f)->op == OP_SETSLOT && f->a == A);
    ambgc_barrier(vm, o);
    pc = f;
    ALLOCATED(0);
}
