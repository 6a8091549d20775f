/* SPDX-License-Identifier: MIT */
/* Iteration: what `for` does with each kind of value.
 *
 * A loop's state is three registers: the thing iterated, a position, and what must not change.
 *   list     index, length          map, set  entry, version      string  byte offset, -
 *   tuple    index, -               bytes     index, length       range   next value, how many are left
 *   generator -, channel -          capability -                  object  its iterator; its next() */
#include <string.h>

#include "run.h"
#include "task.h"

int ambrun_forprep(amb_vm *vm, ambv *s) {
    switch (s->tag) {
    case TAG_LIST:
        s[1] = ambv_int(0);
        s[2] = ambv_int(s->list->len);
        break;
    case TAG_TUPLE:
    case TAG_STRING: s[1] = ambv_int(0); break;
    case TAG_BYTES:
        s[1] = ambv_int(0);
        s[2] = ambv_int(s->bytes->len);
        break;
    case TAG_MAP:
    case TAG_SET:
        s[1] = ambv_int(0);
        s[2] = ambv_int(s->map->version);
        break;
    case TAG_RANGE:
        s[1] = ambv_int(s->range->a);
        s[2] = ambv_int(ambrange_count(s->range));
        break;
    case TAG_CHANNEL:
    case TAG_GENERATOR: break;
    case TAG_CAP:
        /* One that has ended says so at the first step. */
        if (!ambhandle_peek(vm, *s) || ambgate_is_iterable(vm, *s)) break;
        amberr_raise(vm, AMB_ERR_TYPE, "this capability cannot be iterated: it has no operation next");
        return RUN_THROW;
    case TAG_INSTANCE: {
        amb_member *m = ambclass_find(ambinst_class(vm, s->inst), AMBSYM(vm, iter));
        if (m && m->kind == MEMBER_METHOD && !(m->flags & MEMBER_PRIVATE)) {
            ambv self = *s;
            int32_t off = 1 + (int32_t)((uint32_t)vm->pc->b | (uint32_t)vm->pc->c << 16);
            return ambrun_push_call(vm, m->fn, &self, 1, FRAME_ITER,
                                    (uint32_t)((char *)s - (char *)vm->base), vm->pc + off);
        }
    } /* fall through */
    default:
        amberr_raise(vm, AMB_ERR_TYPE, "%s cannot be iterated%s", ambtype_name(vm, *s),
                     s->tag == TAG_INSTANCE ? ": its class has no iter() method"
                     : s->tag == TAG_INT    ? "; write 0..n to count"
                     : s->tag == TAG_TASK   ? "; its result is what wait() gives"
                                            : "");
        return RUN_THROW;
    }
    vm->pc += 1 + (int32_t)((uint32_t)vm->pc->b | (uint32_t)vm->pc->c << 16);
    return RUN_RESUME;
}

int ambrun_iterator(amb_vm *vm, ambv *s) {
    if (s->tag == TAG_INSTANCE) {
        amb_member *m = ambclass_find(ambinst_class(vm, s->inst), AMBSYM(vm, next));
        if (m && m->kind == MEMBER_METHOD) {
            s[1] = m->fn;
            return RUN_RESUME;
        }
        amberr_raise(vm, AMB_ERR_TYPE, "iter() must give an object with next(), not %s",
                     ambtype_name(vm, *s));
        return RUN_THROW;
    }
    const amb_instr *at = vm->pc;
    const amb_instr dummy = {0, 0, 0, 0};
    vm->pc = &dummy; /* forprep jumps by 0 from here */
    int rc = s->tag == TAG_CAP || s->tag < TAG_HEAP || s->tag == TAG_CLOSURE ? RUN_THROW
                                                                            : ambrun_forprep(vm, s);
    vm->pc = at;
    if (rc == RUN_THROW && vm->exc.tag == TAG_UNDEF && vm->failed == AMB_OK)
        amberr_raise(vm, AMB_ERR_TYPE, "iter() must give an object with next(), not %s",
                     ambtype_name(vm, *s));
    return rc == RUN_THROW ? rc : RUN_RESUME;
}

static int two_of(amb_vm *vm, ambv v, ambv *to) {
    if (v.tag == TAG_TUPLE && v.o->aux32 == 2) {
        to[0] = v.tuple->vals[0];
        to[1] = v.tuple->vals[1];
        return RUN_NEXT;
    }
    if (v.tag == TAG_LIST && v.list->len == 2) {
        to[0] = amblist_at(v.list, 0);
        to[1] = amblist_at(v.list, 1);
        return RUN_NEXT;
    }
    char brief[64];
    amberr_raise(vm, v.tag == TAG_TUPLE || v.tag == TAG_LIST ? AMB_ERR_VALUE : AMB_ERR_TYPE,
                 "the loop takes pairs apart, but this item is %s (%s)",
                 ambtext_brief(vm, v, brief), ambtype_name(vm, v));
    return RUN_THROW;
}

int ambrun_deliver(amb_vm *vm, ambv v) {
    const amb_instr *in = vm->pc - 1; /* the FORNEXT */
    ambv *to = &REG(vm, in->b);
    if (in->op == OP_FORNEXT2) {
        int rc = two_of(vm, v, to);
        if (rc != RUN_NEXT) {
            vm->pc--;
            return rc;
        }
    } else {
        *to = v;
    }
    vm->pc += (int16_t)in->c;
    if ((vm->slice -= 4) < 0) return ambrun_poll(vm);
    return RUN_RESUME;
}

static int changed(amb_vm *vm, const char *what) {
    amberr_raise(vm, AMB_ERR_STATE, "the %s changed while it was iterated; iterate over a copy()",
                 what);
    return RUN_THROW;
}

static int item(amb_vm *vm, ambv v) {
    vm->pc++;
    return ambrun_deliver(vm, v);
}

static int map_next(amb_vm *vm, ambv *s, bool pair) {
    amb_map *m = s->map;
    if (m->version != (uint32_t)s[2].u) return changed(vm, s->tag == TAG_SET ? "set" : "map");
    uint64_t i = s[1].u < m->first ? m->first : s[1].u;
    while (i < m->used && m->entries[i].ktag == TAG_UNDEF) i++;
    s[1].u = i + 1;
    if (i >= m->used) return RUN_NEXT;
    const amb_entry *e = &m->entries[i];
    ambv key = ambv_pack(e->key, e->ktag);
    if (s->tag == TAG_SET) return item(vm, key);
    const amb_instr *in = vm->pc;
    if (pair) {
        ambv *to = &REG(vm, in->b);
        to[0] = key;
        to[1] = ambv_pack(e->val, e->vtag);
        vm->pc += 1 + (int16_t)in->c;
        if ((vm->slice -= 4) < 0) return ambrun_poll(vm);
        return RUN_RESUME;
    }
    amb_tuple *t = ambtuple_pair(vm, key, ambv_pack(e->val, e->vtag));
    if (!t) {
        s[1].u = i;
        return ambrun_failed(vm, vm->failed);
    }
    if (vm->gc_wanted) {
        REG(vm, in->b) = ambv_obj(t);
        ambrun_collect(vm);
    }
    return item(vm, ambv_obj(t));
}

static int cap_next(amb_vm *vm, ambv *s) {
    ambv v;
    amb_status st = s->tag == TAG_CAP ? ambgate_next(vm, *s, &v) : ambchannel_recv(vm, *s, &v);
    if (st != AMB_OK) return ambrun_failed(vm, st);
    if (v.tag == TAG_DONE) return RUN_NEXT;
    if (vm->gc_wanted) {
        REG(vm, vm->pc->b) = v;
        ambrun_collect(vm);
    }
    return item(vm, v);
}

int ambrun_fornext(amb_vm *vm, bool pair) {
    ambv *s = &REG(vm, vm->pc->a);
    switch (s->tag) {
    case TAG_LIST:
        if (s->list->len != s[2].u) return changed(vm, "list");
        if (s[1].u >= s->list->len) return RUN_NEXT;
        return item(vm, amblist_at(s->list, (uint32_t)s[1].u++));
    case TAG_TUPLE:
        if (s[1].u >= s->o->aux32) return RUN_NEXT;
        return item(vm, s->tuple->vals[s[1].u++]);
    case TAG_BYTES:
        if (s->bytes->len != s[2].u) return changed(vm, "bytes");
        if (ambbytes_check(vm, s->bytes) != AMB_OK) return RUN_THROW;
        if (s[1].u >= s->bytes->len) return RUN_NEXT;
        return item(vm, ambv_int(s->bytes->block->data[s[1].u++]));
    case TAG_STRING: {
        uint32_t off = (uint32_t)s[1].u;
        if (off >= s->str->len) return RUN_NEXT;
        amb_string *c = ambstr_next_char(vm, s->str, &off);
        if (!c) return ambrun_failed(vm, vm->failed);
        s[1].u = off;
        if (vm->gc_wanted) {
            REG(vm, vm->pc->b) = ambv_obj(c);
            ambrun_collect(vm);
        }
        return item(vm, ambv_obj(c));
    }
    case TAG_MAP:
    case TAG_SET: return map_next(vm, s, pair);
    case TAG_RANGE: {
        if (s[2].u == 0) return RUN_NEXT;
        s[2].u--;
        ambv v = ambv_int(s[1].i);
        s[1].u += (uint64_t)s->range->step;
        return item(vm, v);
    }
    case TAG_GENERATOR:
        if (s->gen->h.aux16 == GEN_DONE) return RUN_NEXT;
        return ambrun_resume(vm, s->gen, FRAME_GEN_FOR, 0, vm->pc + 1);
    case TAG_CHANNEL:
    case TAG_CAP: return cap_next(vm, s);
    default: return ambrun_push_call(vm, s[1], s, 1, FRAME_NEXT, 0, vm->pc + 1);
    }
}

int ambrun_forrange(amb_vm *vm) {
    ambv *s = &REG(vm, vm->pc->a);
    amberr_raise(vm, AMB_ERR_TYPE, "a range goes from int to int, not %s to %s",
                 ambtype_name(vm, s[0]), ambtype_name(vm, s[1]));
    return RUN_THROW;
}

int ambrun_closeiter(amb_vm *vm, ambv *s) {
    if (s->tag == TAG_GENERATOR) return ambrun_close(vm, s->gen, vm->pc + 1);
    if (s->tag == TAG_CAP) ambgate_end(vm, *s);
    return RUN_NEXT;
}
