/* SPDX-License-Identifier: MIT */
/* The interpreter loop: one handler for each instruction, from one source for three ways of
 * dispatch: computed goto (gcc), guaranteed tail calls (clang from 19 on), and a plain switch.
 *
 * A handler does the common case in place and leaves everything else to a function declared
 * in run.h. All checks of an operation come before its first write. Values are copied as two
 * scalars. vm->pc and vm->base are stored before anything is called that may look at
 * them: errors, frames and the collector all start from there. */
#include <math.h>
#include <string.h>

#include "host.h"
#include "run.h"
#include "task.h"

#define DISPATCH_SWITCH 0
#define DISPATCH_GOTO 1
#define DISPATCH_TAIL 2
#ifndef AMB_DISPATCH
#if defined(__clang__)
#define AMB_DISPATCH DISPATCH_SWITCH
#else
#define AMB_DISPATCH DISPATCH_GOTO
#endif
#endif

#define R(off) (*(ambv *)(base + (off)))
#define K(off) (*(ambv *)((char *)k + (off)))
#define A (pc->a)
#define B (pc->b)
#define C (pc->c)
#define SA ((int16_t)pc->a)
#define SB ((int16_t)pc->b)
#define SC ((int16_t)pc->c)
/* b and c together, signed */
#define BC ((int32_t)((uint32_t)pc->b | (uint32_t)pc->c << 16))
#define WORD(n) (*(uint64_t *)(pc + (n)))

#if AMB_DISPATCH == DISPATCH_TAIL
#define PARAMS amb_vm *vm, const amb_instr *pc, char *base, ambv *k
#define PRESERVE __attribute__((preserve_none))
typedef PRESERVE amb_status (*handler_fn)(PARAMS);
static const handler_fn handlers[OP_COUNT];
#define DISPATCH() __attribute__((musttail)) return handlers[pc->op](vm, pc, base, k)
#define HANDLER(name) static PRESERVE amb_status run_##name(PARAMS)
#elif AMB_DISPATCH == DISPATCH_GOTO
#define DISPATCH() goto *labels[pc->op]
#define HANDLER(name) L_##name:
#else
#define DISPATCH() goto again
#define HANDLER(name) case OP_##name:
#endif

#define NEXT(words)                                                                                \
    do {                                                                                           \
        pc += (words);                                                                             \
        DISPATCH();                                                                                \
    } while (0)
/* This file makes two loops: the usual one, and, included by interp_tracked.c, one that keeps vm->base
 * and vm->native true at every moment, so that a profiler's signal handler can look (sample.c). */
#ifdef AMB_TRACKED
#define RUN_LOOP ambrun_loop_tracked
/* Before a frame word below the old base or above the new one is written. */
#define TRACK(base_) (vm->base = (ambv *)(base_))
#define ENTER_NATIVE(def) (vm->native = ambsample_native(def))
#define LEAVE_NATIVE() (vm->native = 0)
#define SAVE() (vm->pc = pc) /* vm->base is right */
#else
#define RUN_LOOP ambrun_loop
#define TRACK(base_) ((void)0)
#define ENTER_NATIVE(def) ((void)0)
#define LEAVE_NATIVE() ((void)0)
#define SAVE() (vm->pc = pc, vm->base = (ambv *)base)
#endif
#define LOAD()                                                                                     \
    (pc = vm->pc, base = (char *)vm->base, k = vm->base[-2].closure->proto->k)
/* After a call that returned rc. */
#define FINISH(rc, words)                                                                          \
    do {                                                                                           \
        int rc_ = (rc);                                                                            \
        if (AMB_LIKELY(rc_ == RUN_NEXT)) NEXT(words);                                              \
        if (rc_ == RUN_THROW && !ambrun_unwind(vm)) return vm->exit_status;                        \
        if (rc_ == RUN_EXIT) return AMB_OK;                                                        \
        LOAD();                                                                                    \
        DISPATCH();                                                                                \
    } while (0)
#define SLOW(call, words)                                                                          \
    do {                                                                                           \
        SAVE();                                                                                    \
        FINISH(call, words);                                                                       \
    } while (0)
/* After an allocation that worked: the place where collections happen. */
#define ALLOCATED(words)                                                                           \
    do {                                                                                           \
        if (AMB_UNLIKELY(vm->gc_wanted)) {                                                         \
            SAVE();                                                                                \
            ambrun_collect(vm);                                                                    \
        }                                                                                          \
        NEXT(words);                                                                               \
    } while (0)
#define FAILED(st) SLOW(ambrun_failed(vm, (st)), 0)
/* Operands are read before the destination is written: it may be one of them. */
#define PUT(off, payload, t)                                                                       \
    do {                                                                                           \
        uint64_t u_ = (payload), t_ = (t);                                                         \
        ambv *d_ = &R(off);                                                                        \
        d_->u = u_;                                                                                \
        d_->tag = t_;                                                                              \
    } while (0)
#define PUT_INT(off, v) PUT(off, (uint64_t)(v), TAG_INT)
#define PUT_FLOAT(off, v)                                                                          \
    do {                                                                                           \
        double f_ = (v);                                                                           \
        ambv *d_ = &R(off);                                                                        \
        d_->f = f_;                                                                                \
        d_->tag = TAG_FLOAT;                                                                       \
    } while (0)
#define PUT_BOOL(off, v) PUT(off, 0, TAG_FALSE + (uint64_t)(v))
#define COPY(off, from)                                                                            \
    do {                                                                                           \
        const ambv *s_ = &(from);                                                                  \
        uint64_t u_ = s_->u, t_ = s_->tag;                                                         \
        ambv *d_ = &R(off);                                                                        \
        d_->u = u_;                                                                                \
        d_->tag = t_;                                                                              \
    } while (0)
#define BOTH(x, y, t) ((x)->tag == (t) && (y)->tag == (t))
#define BOTH_ARE(x, tx, y, ty) ((x)->tag == (tx) && (y)->tag == (ty))
/* Whether the list has element n; a negative n, counted from the end, becomes what it means. */
#define IN_LIST(n, l) ((n) < (l)->len || ((n) += (l)->len) < (l)->len)
#define NUMBERS(x, y) (ambv_is_number(*(x)) && ambv_is_number(*(y)))
#define CHARGE(cost)                                                                               \
    do {                                                                                           \
        if (AMB_UNLIKELY((vm->slice -= (int32_t)(cost)) < 0)) SLOW(ambrun_poll(vm), 0);            \
    } while (0)

/* Division by a constant: for dividends of 32 bits a multiplication by 2**64 / divisor, which follows the
 * instruction, is exact. */
#define HIGH_PRODUCT(x, y) ((uint64_t)((unsigned __int128)(x) * (y) >> 64))
#define MODULO(x, by) modulo((x)->i, (by), WORD(1))
static inline int64_t modulo(int64_t x, int64_t by, uint64_t reciprocal) {
    if (AMB_LIKELY((uint64_t)x >> 32 == 0)) return x - (int64_t)HIGH_PRODUCT((uint64_t)x, reciprocal) * by;
    int64_t r = x % by;
    return r < 0 ? r + by : r;
}
/* x, y: pointers to the operands; words: length of the instruction */
#define ARITH_OVF(X, Y, builtin, fop, opcode)                                                      \
    {                                                                                              \
        const ambv *x = &(X), *y = &(Y);                                                           \
        if (AMB_LIKELY(BOTH(x, y, TAG_INT))) {                                                     \
            int64_t r;                                                                             \
            if (AMB_LIKELY(!builtin(x->i, y->i, &r))) {                                            \
                PUT_INT(A, r);                                                                     \
                NEXT(1);                                                                           \
            }                                                                                      \
        } else if (AMB_LIKELY(BOTH(x, y, TAG_FLOAT))) {                                            \
            PUT_FLOAT(A, x->f fop y->f);                                                           \
            NEXT(1);                                                                               \
        } else if (NUMBERS(x, y)) {                                                                \
            PUT_FLOAT(A, ambv_to_double(*x) fop ambv_to_double(*y));                               \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_arith(vm, opcode, *x, *y, A), 1);                                              \
    }
#define ARITH_DIV(X, Y)                                                                            \
    {                                                                                              \
        const ambv *x = &(X), *y = &(Y);                                                           \
        if (AMB_LIKELY(BOTH(x, y, TAG_FLOAT))) {                                                   \
            PUT_FLOAT(A, x->f / y->f);                                                             \
            NEXT(1);                                                                               \
        }                                                                                          \
        if (ambv_is_number(*x) && ambv_is_number(*y)) {                                            \
            PUT_FLOAT(A, ambv_to_double(*x) / ambv_to_double(*y));                                 \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_arith(vm, OP_DIV, *x, *y, A), 1);                                              \
    }
#define ARITH_IMM(builtin, fop, opcode)                                                            \
    {                                                                                              \
        const ambv *x = &R(B);                                                                     \
        if (AMB_LIKELY(x->tag == TAG_INT)) {                                                       \
            int64_t r;                                                                             \
            if (AMB_LIKELY(!builtin(x->i, (int64_t)SC, &r))) {                                     \
                PUT_INT(A, r);                                                                     \
                NEXT(1);                                                                           \
            }                                                                                      \
        } else if (x->tag == TAG_FLOAT) {                                                          \
            PUT_FLOAT(A, x->f fop (double)SC);                                                     \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_arith(vm, opcode, *x, ambv_int(SC), A), 1);                                    \
    }
#define BITS(expr, opcode) BITS_OF(R(C), expr, opcode)
#define BITS_OF(Y, expr, opcode)                                                                   \
    {                                                                                              \
        const ambv *x = &R(B), *y = &(Y);                                                         \
        if (AMB_LIKELY(BOTH(x, y, TAG_INT))) {                                                     \
            PUT_INT(A, (expr));                                                                    \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_arith(vm, opcode, *x, *y, A), 1);                                              \
    }
#define SHIFT(expr, opcode)                                                                        \
    {                                                                                              \
        const ambv *x = &R(B), *y = &R(C);                                                         \
        if (AMB_LIKELY(BOTH(x, y, TAG_INT) && y->u < 64)) {                                        \
            PUT_INT(A, (expr));                                                                    \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_arith(vm, opcode, *x, *y, A), 1);                                              \
    }
/* A number and a float constant: an int is converted, as it would be anywhere. */
#define ARITH_KF(fop, opcode)                                                                      \
    {                                                                                              \
        const ambv *x = &R(B), *y = &K(C);                                                         \
        double d;                                                                                  \
        if (AMB_LIKELY(x->tag == TAG_FLOAT)) d = x->f;                                             \
        else if (AMB_LIKELY(x->tag == TAG_INT)) d = (double)x->i;                                  \
        else SLOW(ambrun_arith(vm, opcode, *x, *y, A), 1);                                         \
        PUT_FLOAT(A, d fop y->f);                                                                  \
        NEXT(1);                                                                                   \
    }
#define ARITH_KRF(fop, opcode)                                                                     \
    {                                                                                              \
        const ambv *x = &K(B), *y = &R(C);                                                         \
        double d;                                                                                  \
        if (AMB_LIKELY(y->tag == TAG_FLOAT)) d = y->f;                                             \
        else if (AMB_LIKELY(y->tag == TAG_INT)) d = (double)y->i;                                  \
        else SLOW(ambrun_arith(vm, opcode, *x, *y, A), 1);                                         \
        PUT_FLOAT(A, x->f fop d);                                                                  \
        NEXT(1);                                                                                   \
    }
/* Takes the jump of `off` words back, with the fuel it costs. */
#define JUMP_BACK(off)                                                                             \
    do {                                                                                           \
        int32_t back_ = (off);                                                                     \
        pc += back_ + 1;                                                                           \
        if (AMB_UNLIKELY((vm->slice += back_) < 0)) SLOW(ambrun_poll(vm), 0);                      \
        DISPATCH();                                                                                \
    } while (0)
#define JUMP_ON(off) NEXT(1 + (off))
/* Conditional jump when (x op y) == sense. */
#define JUMP_CMP(op, sense, opcode) BRANCH_CMP(R(B), op, sense, opcode, JUMP_ON)
#define JUMP_CMP_OF(Y, op, sense, opcode) BRANCH_CMP(Y, op, sense, opcode, JUMP_ON)
#define LOOP_CMP(Y, op, sense, opcode) BRANCH_CMP(Y, op, sense, opcode, JUMP_BACK)
#define JUMP_CMPI(op, sense, opcode) BRANCH_CMPI(op, sense, opcode, JUMP_ON)
#define LOOP_CMPI(op, sense, opcode) BRANCH_CMPI(op, sense, opcode, JUMP_BACK)
#define BRANCH_CMP(Y, op, sense, opcode, JUMP)                                                     \
    {                                                                                              \
        const ambv *x = &R(A), *y = &(Y);                                                          \
        if (AMB_LIKELY(BOTH(x, y, TAG_INT))) {                                                     \
            if ((x->i op y->i) == (sense)) JUMP(SC);                                               \
            NEXT(1);                                                                               \
        }                                                                                          \
        if (AMB_LIKELY(BOTH(x, y, TAG_FLOAT))) {                                                   \
            if ((x->f op y->f) == (sense)) JUMP(SC);                                               \
            NEXT(1);                                                                               \
        }                                                                                          \
        if (AMB_LIKELY(BOTH(x, y, TAG_STRING))) {                                                  \
            if ((ambstr_compare(x->str, y->str) op 0) == (sense)) JUMP(SC);                        \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_compare(vm, opcode, *x, *y, true, sense, 0), 1);                               \
    }
/* Equality: besides numbers, strings and what a tag alone decides. */
#define BRANCH_EQ(sense, JUMP)                                                                     \
    {                                                                                              \
        const ambv *x = &R(A), *y = &R(B);                                                         \
        bool same;                                                                                 \
        if (AMB_LIKELY(BOTH(x, y, TAG_INT))) {                                                     \
            if ((x->i == y->i) == (sense)) JUMP(SC);                                               \
            NEXT(1);                                                                               \
        }                                                                                          \
        if (!simple_eq(vm, x, y, &same)) SLOW(ambrun_compare(vm, OP_EQ, *x, *y, true, sense, 0), 1); \
        if (same == (sense)) JUMP(SC);                                                             \
        NEXT(1);                                                                                   \
    }
#define SET_EQ(sense, opcode)                                                                      \
    {                                                                                              \
        const ambv *x = &R(B), *y = &R(C);                                                         \
        bool same;                                                                                 \
        if (AMB_LIKELY(BOTH(x, y, TAG_INT))) {                                                     \
            PUT_BOOL(A, (x->i == y->i) == (sense));                                                \
            NEXT(1);                                                                               \
        }                                                                                          \
        if (!simple_eq(vm, x, y, &same)) SLOW(ambrun_compare(vm, opcode, *x, *y, false, true, A), 1); \
        PUT_BOOL(A, same == (sense));                                                              \
        NEXT(1);                                                                                   \
    }
#define BRANCH_CMPI(op, sense, opcode, JUMP)                                                       \
    {                                                                                              \
        const ambv *x = &R(A);                                                                     \
        if (AMB_LIKELY(x->tag == TAG_INT)) {                                                       \
            if ((x->i op SB) == (sense)) JUMP(SC);                                                 \
            NEXT(1);                                                                               \
        }                                                                                          \
        if (AMB_LIKELY(x->tag == TAG_FLOAT)) {                                                     \
            if ((x->f op SB) == (sense)) JUMP(SC);                                                 \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_compare(vm, opcode, *x, ambv_int(SB), true, sense, 0), 1);                     \
    }
#define SET_CMP(op, opcode)                                                                        \
    {                                                                                              \
        const ambv *x = &R(B), *y = &R(C);                                                         \
        if (AMB_LIKELY(BOTH(x, y, TAG_INT))) {                                                     \
            PUT_BOOL(A, x->i op y->i);                                                             \
            NEXT(1);                                                                               \
        }                                                                                          \
        if (BOTH(x, y, TAG_FLOAT)) {                                                               \
            PUT_BOOL(A, x->f op y->f);                                                             \
            NEXT(1);                                                                               \
        }                                                                                          \
        if (BOTH(x, y, TAG_STRING)) {                                                              \
            PUT_BOOL(A, ambstr_compare(x->str, y->str) op 0);                                      \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_compare(vm, opcode, *x, *y, false, true, A), 1);                               \
    }
#define SET_CMPI(op, opcode)                                                                       \
    {                                                                                              \
        const ambv *x = &R(B);                                                                     \
        if (AMB_LIKELY(x->tag == TAG_INT)) {                                                       \
            PUT_BOOL(A, x->i op SC);                                                               \
            NEXT(1);                                                                               \
        }                                                                                          \
        if (x->tag == TAG_FLOAT) {                                                                 \
            PUT_BOOL(A, x->f op SC);                                                               \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_compare(vm, opcode, *x, ambv_int(SC), false, true, A), 1);                     \
    }
/* The register of the following instruction's operands that is not this one's result. */
#define OTHER (pc[1].b ^ pc[1].c ^ A)
/* Arithmetic and what the following instruction makes of its result t with its other operand z. When
 * that is not of the same type, or there is an overflow, it runs by itself. */
#define ARITH_PAIR(builtin, fop, opcode, second, int_op, float_op)                                 \
    {                                                                                              \
        const ambv *x = &R(B), *y = &R(C), *z = &R(second);                                        \
        if (AMB_LIKELY(BOTH(x, y, TAG_INT))) {                                                     \
            int64_t t, r;                                                                          \
            if (AMB_LIKELY(!builtin(x->i, y->i, &t))) {                                            \
                if (AMB_LIKELY(z->tag == TAG_INT && !int_op)) {                                    \
                    PUT_INT(A, t);                                                                 \
                    PUT_INT(pc[1].a, r);                                                           \
                    NEXT(2);                                                                       \
                }                                                                                  \
                PUT_INT(A, t);                                                                     \
                NEXT(1);                                                                           \
            }                                                                                      \
        } else if (AMB_LIKELY(BOTH(x, y, TAG_FLOAT))) {                                            \
            double t = x->f fop y->f;                                                              \
            if (AMB_LIKELY(z->tag == TAG_FLOAT)) {                                                 \
                double r = float_op;                                                               \
                PUT_FLOAT(A, t);                                                                   \
                PUT_FLOAT(pc[1].a, r);                                                             \
                NEXT(2);                                                                           \
            }                                                                                      \
            PUT_FLOAT(A, t);                                                                       \
            NEXT(1);                                                                               \
        } else if (NUMBERS(x, y)) {                                                                \
            PUT_FLOAT(A, ambv_to_double(*x) fop ambv_to_double(*y));                               \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_arith(vm, opcode, *x, *y, A), 1);                                              \
    }
#define PAIR(first, second) PAIR_OF(FIRST_##first, THEN_##second)
#define PAIR_OF(...) ARITH_PAIR(__VA_ARGS__)
#define FIRST_ADD __builtin_add_overflow, +, OP_ADD
#define FIRST_SUB __builtin_sub_overflow, -, OP_SUB
#define FIRST_MUL __builtin_mul_overflow, *, OP_MUL
#define THEN_ADD OTHER, __builtin_add_overflow(t, z->i, &r), t + z->f
#define THEN_SUB pc[1].c, __builtin_sub_overflow(t, z->i, &r), t - z->f
#define THEN_RSUB pc[1].b, __builtin_sub_overflow(z->i, t, &r), z->f - t
#define THEN_MUL OTHER, __builtin_mul_overflow(t, z->i, &r), t * z->f
/* The same for ints, with a constant yi (Y as a value) as the second operand. */
#define CONST_PAIR(Y, yi, builtin, fop, opcode, second, int_op)                                    \
    {                                                                                              \
        const ambv *x = &R(B);                                                                     \
        int64_t t, r;                                                                              \
        if (AMB_LIKELY(x->tag == TAG_INT && !builtin(x->i, (yi), &t))) {                           \
            const ambv *z = &(second);                                                             \
            (void)z;                                                                               \
            if (AMB_LIKELY(int_op)) {                                                              \
                PUT_INT(A, t);                                                                     \
                PUT_INT(pc[1].a, r);                                                               \
                NEXT(2);                                                                           \
            }                                                                                      \
            PUT_INT(A, t);                                                                         \
            NEXT(1);                                                                               \
        }                                                                                          \
        if (x->tag == TAG_FLOAT) {                                                                 \
            PUT_FLOAT(A, x->f fop (double)(yi));                                                   \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_arith(vm, opcode, *x, (Y), A), 1);                                             \
    }
/* Arithmetic, then something that cannot fail. */
#define ARITH_THEN(builtin, fop, opcode, THEN)                                                     \
    {                                                                                              \
        const ambv *x = &R(B), *y = &R(C);                                                         \
        if (AMB_LIKELY(BOTH(x, y, TAG_INT))) {                                                     \
            int64_t r;                                                                             \
            if (AMB_LIKELY(!builtin(x->i, y->i, &r))) {                                            \
                PUT_INT(A, r);                                                                     \
                pc++;                                                                              \
                THEN                                                                               \
            }                                                                                      \
        } else if (AMB_LIKELY(BOTH(x, y, TAG_FLOAT))) {                                            \
            PUT_FLOAT(A, x->f fop y->f);                                                           \
            pc++;                                                                                  \
            THEN                                                                                   \
        } else if (NUMBERS(x, y)) {                                                                \
            PUT_FLOAT(A, ambv_to_double(*x) fop ambv_to_double(*y));                               \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_arith(vm, opcode, *x, *y, A), 1);                                              \
    }
/* A variable counted up by an int and the comparison that closes the loop. */
#define STEP_LOOP(Y, limit_int, limit, op)                                                         \
    {                                                                                              \
        const ambv *x = &R(B), y = (Y);                                                            \
        int64_t r;                                                                                 \
        if (AMB_LIKELY(BOTH(x, &y, TAG_INT))) {                                                    \
            if (AMB_LIKELY(!__builtin_add_overflow(x->i, y.i, &r))) {                              \
                PUT_INT(A, r);                                                                     \
                if (AMB_UNLIKELY(!(limit_int))) NEXT(1);                                           \
                if (r op (limit)) {                                                                \
                    pc++;                                                                          \
                    JUMP_BACK(SC);                                                                 \
                }                                                                                  \
                NEXT(2);                                                                           \
            }                                                                                      \
        } else if (NUMBERS(x, &y)) {                                                               \
            PUT_FLOAT(A, ambv_to_double(*x) + ambv_to_double(y));                                  \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_arith(vm, OP_ADD, *x, y, A), 1);                                               \
    }
#define ELEMENT_PAIR(builtin, fop)                                                                 \
    {                                                                                              \
        const ambv *o = &R(B), *i = &R(C), *z = &R(OTHER);                                         \
        if (AMB_LIKELY(o->tag == TAG_LIST && i->tag == TAG_INT)) {                                 \
            const amb_list *l = o->list;                                                           \
            uint64_t n = i->u;                                                                     \
            if (AMB_LIKELY(n < l->len)) {                                                          \
                uint64_t t = AMB_LIKELY(!l->tags) ? l->h.aux16 : l->tags[n];                       \
                if (AMB_LIKELY(t == TAG_FLOAT && z->tag == TAG_FLOAT)) {                           \
                    ambv e = {.u = l->vals[n]};                                                    \
                    double r = z->f fop e.f;                                                       \
                    PUT_FLOAT(A, e.f);                                                             \
                    PUT_FLOAT(pc[1].a, r);                                                         \
                    NEXT(2);                                                                       \
                }                                                                                  \
                int64_t r;                                                                         \
                if (AMB_LIKELY(t == TAG_INT && z->tag == TAG_INT &&                                \
                               !builtin(z->i, (int64_t)l->vals[n], &r))) {                         \
                    PUT_INT(A, l->vals[n]);                                                        \
                    PUT_INT(pc[1].a, r);                                                           \
                    NEXT(2);                                                                       \
                }                                                                                  \
                PUT(A, l->vals[n], t);                                                             \
                NEXT(1);                                                                           \
            }                                                                                      \
        }                                                                                          \
        SLOW(ambrun_getindex(vm, *o, *i, A), 1);                                                   \
    }
#define MOD_BRANCH(op)                                                                             \
    {                                                                                              \
        const ambv *x = &R(B);                                                                     \
        if (AMB_LIKELY(x->tag == TAG_INT)) {                                                       \
            int64_t r = MODULO(x, SC);                                                             \
            PUT_INT(A, r);                                                                         \
            if (r op (int16_t)pc[2].b) NEXT(3 + (int16_t)pc[2].c);                                 \
            NEXT(3);                                                                               \
        }                                                                                          \
        SLOW(ambrun_arith(vm, OP_MOD, *x, ambv_int(SC), A), 2);                                    \
    }
/* A field that the cache knows; falls through when it does not. */
#define READ_FIELD(o, cache_)                                                                      \
    do {                                                                                           \
        const amb_cache *known_ = (cache_);                                                        \
        if (AMB_LIKELY((o)->tag == TAG_INSTANCE && (o)->o->aux32 == known_->key)) {                \
            ambv v_ = ambinst_get((o)->inst, known_->slot);                                        \
            PUT(A, v_.u, v_.tag);                                                                  \
            NEXT(2);                                                                               \
        }                                                                                          \
    } while (0)
#define WRITE_FIELD(private_)                                                                      \
    {                                                                                              \
        const ambv *o = &R(A);                                                                     \
        const amb_cache *cache = CACHE_OF(pc);                                                     \
        if (AMB_LIKELY(o->tag == TAG_INSTANCE && o->o->aux32 == cache->key &&                      \
                       (cache->kind == CACHE_FIELD || cache->kind == CACHE_TYPED + R(B).tag))) {   \
            amb_instance *i = o->inst;                                                             \
            ambinst_put(i, cache->slot, R(B));                                                     \
            if (R(B).tag >= TAG_HEAP) ambgc_barrier(vm, i);                                        \
            NEXT(2);                                                                               \
        }                                                                                          \
        SLOW(ambrun_setfield(vm, *o, K(C).str, R(B), private_), 2);                                \
    }
/* Enters closure c whose arguments are complete, callee slot R(A); ret: words to skip on return. */
#define ENTER(c, words)                                                                            \
    {                                                                                              \
        const amb_proto *p = (c)->proto;                                                           \
        char *nb = base + A + 2 * sizeof(ambv);                                                    \
        if (AMB_LIKELY(nb + p->frame_bytes <= (char *)vm->stack_end)) {                            \
            ambv *h = (ambv *)nb - 1;                                                              \
            h->p = (void *)(pc + (words));                                                         \
            h->tag = TAG_FRAME | (uint64_t)(A + 2 * sizeof(ambv)) << 32;                           \
            base = nb;                                                                             \
            TRACK(base);                                                                           \
            k = p->k;                                                                              \
            pc = p->code;                                                                          \
            if (AMB_UNLIKELY((vm->slice -= p->cost) < 0)) SLOW(ambrun_poll(vm), 0);                \
            DISPATCH();                                                                            \
        }                                                                                          \
    }

static inline void fill_undef(ambv *args, uint32_t n, uint32_t max) {
    for (; n < max; n++) args[n].tag = TAG_UNDEF;
}
/* Whether n arguments fit a function with optional ones but nothing else out of the ordinary. */
static inline bool takes(const amb_proto *p, uint32_t n) {
    return !(p->flags & (PROTO_REST | PROTO_SELF)) && n >= p->nrequired && n < p->nparams;
}
/* Whether a call of class c with n arguments is a call of its constructor, a script function. */
static inline bool makes(const amb_class *c, uint32_t n) {
    return c->construct.tag == TAG_CLOSURE && !c->private_ctor && c->construct.closure->proto->exact == n;
}

/* Calls what R(A) holds with the B arguments behind it; words: of the instruction. */
#define CALL_CALLEE(words)                                                                         \
    do {                                                                                           \
        const ambv *f_ = &R(A);                                                                    \
        if (AMB_LIKELY(f_->tag == TAG_CLOSURE && f_->closure->proto->exact == B)) ENTER(f_->closure, words);\
        if (f_->tag == TAG_CLOSURE && takes(f_->closure->proto, B)) {                              \
            fill_undef(&R(A) + 2, B, f_->closure->proto->nparams);                                 \
            ENTER(f_->closure, words);                                                             \
        }                                                                                          \
        if (AMB_LIKELY(f_->tag == TAG_CLASS && makes(f_->cls, B))) {                               \
            amb_closure *c = f_->cls->construct.closure;                                           \
            R(A).closure = c;                                                                      \
            R(A).tag = TAG_CLOSURE;                                                                \
            ENTER(c, words);                                                                       \
        }                                                                                          \
        SLOW(ambrun_call(vm, &R(A), B, FRAME_CALL, 0, pc + (words)), words);                       \
    } while (0)

/* Bodies that end more than one handler: pc is at the instruction they are named after. */
#define DO_CALL { CALL_CALLEE(1); }
#define DO_CALLM                                                                                   \
    {                                                                                              \
        COPY(A, *(ambv *)WORD(1));                                                                 \
        CALL_CALLEE(2);                                                                            \
    }
#define DO_INVOKE                                                                                  \
    {                                                                                              \
        ambv *self = &R(A) + 2;                                                                    \
        const amb_cache *cache = CACHE_OF(pc);                                                     \
        if (AMB_LIKELY(cache->key == cache_key(*self))) {                                          \
            if (cache->kind == CACHE_CLOSURE) {                                                    \
                amb_closure *c = CACHE_PTR(pc);                                                    \
                R(A).closure = c;                                                                  \
                R(A).tag = TAG_CLOSURE;                                                            \
                ENTER(c, 3);                                                                       \
                SLOW(ambrun_enter(vm, &R(A), c, FRAME_CALL, 0, pc + 3), 3);                        \
            }                                                                                      \
            const amb_native_def *def = CACHE_PTR(pc);                                             \
            if (AMB_UNLIKELY(cache->kind == CACHE_HOST)) {                                         \
                R(A).native = ((const ambhostfn *)(const void *)def)->self;                        \
                R(A).tag = TAG_NATIVE;                                                             \
                SLOW(ambrun_call_native(vm, &R(A), def, B + 1u, true, FRAME_CALL, 0, pc + 3), 3);  \
            }                                                                                      \
            fill_undef(self + 1, B, def->max);                                                     \
            SAVE();                                                                                \
            ENTER_NATIVE(def);                                                                     \
            amb_status st = def->fn(vm, self, (uint32_t)B + 1, &R(A));                             \
            LEAVE_NATIVE();                                                                        \
            if (AMB_UNLIKELY(st != AMB_OK)) FINISH(ambrun_failed(vm, st), 0);                      \
            if (AMB_UNLIKELY(vm->gc_wanted)) ambrun_collect(vm);                                   \
            NEXT(3);                                                                               \
        }                                                                                          \
        if (self->tag == TAG_INSTANCE && cache->key != AMB_CACHE_EMPTY) {                          \
            /* several classes come by here: the VM's table of methods */                          \
            const amb_string *name = K(C).str;                                                     \
            const amb_method_cache *m = &vm->methods[AMB_METHOD_SLOT(self->o->aux32, name)];       \
            if (AMB_LIKELY(m->name == name && m->class_id == self->o->aux32 &&                     \
                           m->closure->proto->exact == B + 1u)) {                                  \
                amb_closure *c = m->closure;                                                       \
                R(A).closure = c;                                                                  \
                R(A).tag = TAG_CLOSURE;                                                            \
                ENTER(c, 3);                                                                       \
                SLOW(ambrun_enter(vm, &R(A), c, FRAME_CALL, 0, pc + 3), 3);                        \
            }                                                                                      \
        }                                                                                          \
        SLOW(ambrun_invoke(vm, false), 3);                                                         \
    }
#define DO_GETFIELD                                                                                \
    {                                                                                              \
        const ambv *o = &R(B);                                                                     \
        const amb_cache *cache = CACHE_OF(pc);                                                     \
        READ_FIELD(o, cache);                                                                      \
        if (o->tag == TAG_CLASS && (o->o->aux32 | AMB_CACHE_CLASS) == cache->key) {                \
            COPY(A, o->cls->members[cache->slot].fn);                                              \
            NEXT(2);                                                                               \
        }                                                                                          \
        SLOW(ambrun_getfield(vm, *o, K(C).str, false, A), 2);                                      \
    }
#define INDEX_THEN(builtin, fop, opcode)                                                           \
    {                                                                                              \
        const ambv *x = &R(B);                                                                     \
        int64_t r;                                                                                 \
        if (AMB_LIKELY(x->tag == TAG_INT && !builtin(x->i, (int64_t)SC, &r))) {                    \
            PUT_INT(A, r);                                                                         \
            pc++;                                                                                  \
            DO_GETIDX                                                                              \
        }                                                                                          \
        if (x->tag == TAG_FLOAT) {                                                                 \
            PUT_FLOAT(A, x->f fop (double)SC);                                                     \
            NEXT(1);                                                                               \
        }                                                                                          \
        SLOW(ambrun_arith(vm, opcode, *x, ambv_int(SC), A), 1);                                    \
    }
#define DO_RETURN                                                                                  \
    {                                                                                              \
        ambv *h = (ambv *)base - 1;                                                                \
        const ambv *v = &R(A);                                                                     \
        uint64_t tag = h->tag;                                                                     \
        if (AMB_LIKELY((tag & 0xff00) == 0)) {                                                     \
            uint64_t u = v->u, t = v->tag;                                                         \
            pc = h->p;                                                                             \
            base -= tag >> 32;                                                                     \
            TRACK(base);                                                                           \
            h[-1].u = u;                                                                           \
            h[-1].tag = t;                                                                         \
            k = ((ambv *)base)[-2].closure->proto->k;                                              \
            DISPATCH();                                                                            \
        }                                                                                          \
        SLOW(ambrun_return(vm, *v), 0);                                                            \
    }
#define DO_SETIDX                                                                                  \
    {                                                                                              \
        const ambv *o = &R(A), *i = &R(B), *v = &R(C);                                             \
        if (AMB_LIKELY(o->tag == TAG_LIST && i->tag == TAG_INT)) {                                 \
            amb_list *l = o->list;                                                                 \
            uint64_t n = i->u;                                                                     \
            if (AMB_LIKELY(IN_LIST(n, l) && !(l->h.flags & (OBJ_FROZEN | OBJ_LOCKED)))) {          \
                if (l->tags) {                                                                     \
                    l->tags[n] = (uint8_t)v->tag;                                                  \
                    l->vals[n] = v->u;                                                             \
                    if (v->tag >= TAG_HEAP) ambgc_barrier_at(vm, l, (uint32_t)n);                  \
                    NEXT(1);                                                                       \
                }                                                                                  \
                if (AMB_LIKELY(l->h.aux16 == v->tag)) {                                            \
                    l->vals[n] = v->u;                                                             \
                    if (v->tag >= TAG_HEAP) ambgc_barrier_at(vm, l, (uint32_t)n);                  \
                    NEXT(1);                                                                       \
                }                                                                                  \
            }                                                                                      \
        }                                                                                          \
        if (o->tag == TAG_MAP) {                                                                   \
            SAVE();                                                                                \
            amb_status st = ambmap_set(vm, o->map, *i, *v);                                        \
            if (AMB_UNLIKELY(st != AMB_OK)) FINISH(ambrun_failed(vm, st), 1);                      \
            ALLOCATED(1);                                                                          \
        }                                                                                          \
        SLOW(ambrun_setindex(vm, *o, *i, *v), 1);                                                  \
    }
#define DO_FORLOOP                                                                                 \
    {                                                                                              \
        ambv *s = &R(A);                                                                           \
        int64_t i = s[0].i;                                                                        \
        if (i == s[1].i) NEXT(1);                                                                  \
        s[0].i = i + 1;                                                                            \
        if (AMB_UNLIKELY((vm->slice -= B) < 0)) SLOW(ambrun_poll_jump(vm), 1);                     \
        NEXT(1 + SC);                                                                              \
    }
#define DO_GETIDX                                                                                  \
    {                                                                                              \
        const ambv *o = &R(B), *i = &R(C);                                                         \
        if (AMB_LIKELY(o->tag == TAG_LIST && i->tag == TAG_INT)) {                                 \
            const amb_list *l = o->list;                                                           \
            uint64_t n = i->u;                                                                     \
            if (AMB_LIKELY(IN_LIST(n, l))) {                                                       \
                uint64_t t = AMB_LIKELY(!l->tags) ? l->h.aux16 : l->tags[n];                       \
                PUT(A, l->vals[n], t);                                                             \
                NEXT(1);                                                                           \
            }                                                                                      \
        } else if (o->tag == TAG_MAP && (i->tag == TAG_STRING || i->tag == TAG_INT)) {             \
            const amb_entry *e = i->tag == TAG_STRING ? ambmap_find_str(vm, o->map, i->str)        \
                                                      : ambmap_find_int(vm, o->map, i->i);         \
            if (e) PUT(A, e->val, e->vtag);                                                        \
            else PUT(A, 0, TAG_NIL);                                                               \
            NEXT(1);                                                                               \
        } else if (o->tag == TAG_STRING && i->tag == TAG_INT) {                                    \
            const amb_string *s = o->str;                                                          \
            if (AMB_LIKELY(ambstr_is_ascii(s) && i->u < s->len)) {                                 \
                PUT(A, (uint64_t)(uintptr_t)vm->ascii[(unsigned char)s->data[i->u]], TAG_STRING);  \
                NEXT(1);                                                                           \
            }                                                                                      \
        }                                                                                          \
        SLOW(ambrun_getindex(vm, *o, *i, A), 1);                                                   \
    }

/* An element of a list, then the instruction behind it; anything else is read by itself. */
#define ELEMENT_THEN(then)                                                                         \
    {                                                                                              \
        const ambv *l_ = &R(B), *n_ = &R(C);                                                       \
        if (AMB_LIKELY(BOTH_ARE(l_, TAG_LIST, n_, TAG_INT) && n_->u < l_->list->len)) {            \
            const amb_list *in = l_->list;                                                         \
            uint64_t at = n_->u;                                                                   \
            uint64_t t = AMB_LIKELY(!in->tags) ? in->h.aux16 : in->tags[at];                       \
            PUT(A, in->vals[at], t);                                                               \
            pc++;                                                                                  \
            then                                                                                   \
        }                                                                                          \
        DO_GETIDX                                                                                  \
    }
/* Whether x == y is decided without a call of script code; then *same is the answer. */
static __attribute__((noinline)) bool simple_eq(const amb_vm *vm, const ambv *x, const ambv *y, bool *same) {
    if (x->tag == TAG_INSTANCE) {
        const amb_class *c = vm->classes[x->o->aux32];
        if (!c->no_eq) return false;
        *same = y->tag == TAG_INSTANCE && x->o == y->o;
        /* two of a class may be equal by their parts */
        return *same || y->tag != TAG_INSTANCE || y->o->aux32 != x->o->aux32 ||
               !(c->h.flags & (CLASS_VALUE | CLASS_CASE));
    }
    if (x->tag != y->tag) {
        *same = false;
        return !(ambv_is_number(*x) && ambv_is_number(*y));
    }
    switch (x->tag) {
    case TAG_NIL:
    case TAG_FALSE:
    case TAG_TRUE:
    case TAG_DONE: *same = true; return true;
    case TAG_FLOAT: *same = x->f == y->f; return true;
    case TAG_STRING: *same = ambstr_equal(x->str, y->str); return true;
    default: return false;
    }
}


#if AMB_DISPATCH == DISPATCH_TAIL
#pragma clang diagnostic ignored "-Wunused-parameter"
#include "handlers.h"
#include "pairs.h"
static const handler_fn handlers[OP_COUNT] = {
#define OP(name, operands, words, doc) run_##name,
#include "opcodes.def"
#undef OP
};
amb_status RUN_LOOP(amb_vm *vm) {
    const amb_instr *pc = vm->pc;
    return handlers[pc->op](vm, pc, (char *)vm->base, vm->base[-2].closure->proto->k);
}
#else
amb_status RUN_LOOP(amb_vm *vm) {
    const amb_instr *pc;
    char *base;
    ambv *k;
#if AMB_DISPATCH == DISPATCH_GOTO
    static const void *const labels[OP_COUNT] = {
#define OP(name, operands, words, doc) &&L_##name,
#include "opcodes.def"
#undef OP
    };
    LOAD();
    DISPATCH();
#include "handlers.h"
#include "pairs.h"
#else
    LOAD();
again:
    switch ((enum amb_opcode)pc->op) {
#include "handlers.h"
#include "pairs.h"
    case OP_COUNT: break;
    }
    __builtin_unreachable();
#endif
}
#endif
