/* SPDX-License-Identifier: MIT */
/* The vocabulary all streams share, made from one operation that reads and one that
 * writes.
 *
 * Input is buffered per resource, so lines(), read() and read_until() on the same file
 * follow each other without gaps. Each function allocates its result before it takes
 * bytes out of the buffer: run again after a collection it loses nothing. */
#include <string.h>

#include "task.h"

#define FIRST_BUFFER (4u << 10)
#define FILE_BUFFER (64u << 10)
#define KEEP_BUFFER (1u << 20)
#define LONGEST AMB_TRANSFER_MAX

static amb_status no_memory(amb_vm *vm) {
    if (vm->exc.tag != TAG_UNDEF) return AMB_E_THROW;
    return vm->failed ? vm->failed : AMB_E_NOMEM;
}

static uint32_t buffered(const ambrow *r) { return r->res->in.end - r->res->in.at; }
static const char *start_of(const ambrow *r) { return r->res->in.buf + r->res->in.at; }

static void take(amb_vm *vm, ambrow *r, uint32_t n) {
    ambstream *s = &r->res->in;
    s->at += n;
    if (s->at < s->end) return;
    s->at = s->end = 0;
    if (s->cap > KEEP_BUFFER) {
        ambgc_free(vm, s->buf, s->cap);
        s->buf = NULL;
        s->cap = 0;
    }
}

/* One task at a time reads, and one writes; whoever comes later waits until it is done. `what` is the
 * verb; AMB_OK: go on. */
static amb_status turn(amb_vm *vm, ambv cap, ambrow *r, const char *what, bool writes) {
    ambstream *s = &r->res->in;
    bool busy = writes ? s->writing : s->reading;
    if (AMB_LIKELY(!busy) || ambtask_answer(vm)) return AMB_OK;
    return ambtask_park(vm, what, cap, writes ? &s->writers : &s->readers);
}

void ambstream_begun(ambpending *p) {
    ambres *res = p->call.res;
    if (p->call.op->ordinal == res->type->read_op) res->in.reading = true;
    else if (p->call.op->ordinal == res->type->write_op) res->in.writing = true;
}

/* What was read for somebody who has gone stays in the buffer for the next. */
void ambstream_filled(ambpending *p) {
    ambres *res = p->call.res;
    const amb_arg *a = p->args;
    if (!res || p->call.named || !p->call.nargs || a->type != AMB_T_BUF) return;
    ambstream *s = &res->in;
    if (p->call.op->ordinal == res->type->read_op) {
        s->reading = false;
        bool ours = s->buf && (char *)a->v.w == s->buf + s->end;
        if (ours && p->status == AMB_OK && p->call.ret.v.i > 0 && p->call.ret.v.i <= (int64_t)a->len)
            s->end += (uint32_t)p->call.ret.v.i;
    } else if (p->call.op->ordinal == res->type->write_op) {
        s->writing = false;
    }
}

void ambstream_next_turn(amb_vm *vm, ambres *res) {
    if (!res->in.reading) ambtask_wake_all(vm, &res->in.readers);
    if (!res->in.writing) ambtask_wake_all(vm, &res->in.writers);
}

/* Files give what is there; a connection that says nothing should cost little. */
static uint32_t first_buffer(const ambrow *r) {
    const amb_op *op = ambgate_ordinal(r->res->prov, r->res->type->id, r->res->type->read_op);
    return op && op->flags & AMB_OP_BLOCKING ? FILE_BUFFER : FIRST_BUFFER;
}

static amb_status make_room(amb_vm *vm, ambrow *r, const char *what) {
    ambstream *s = &r->res->in;
    if (s->at && s->end == s->cap) {
        memmove(s->buf, s->buf + s->at, s->end - s->at);
        s->end -= s->at;
        s->at = 0;
    }
    bool more = s->grows && s->end == 0 && s->cap < FILE_BUFFER;
    if (s->end < s->cap && !more) return AMB_OK;
    if (s->cap >= LONGEST)
        return amberr_raise(vm, AMB_ERR_LIMIT, "%s: longer than %u bytes", what, LONGEST);
    uint32_t room = s->cap ? s->cap * 2 : first_buffer(r);
    char *p = ambgc_realloc(vm, s->buf, s->cap, room);
    if (!p) return no_memory(vm);
    s->buf = p;
    s->cap = room;
    return AMB_OK;
}

/* Reads once more behind what is buffered. *got: bytes, 0 at the end. */
static amb_status fill(amb_vm *vm, ambv cap, ambrow *r, const char *what, uint32_t *got) {
    ambstream *s = &r->res->in;
    amb_status st = AMB_OK;
    /* Else what was read is there already. */
    if (!ambtask_answer(vm) && (st = make_room(vm, r, what)) != AMB_OK) return st;
    amb_arg a = {.type = AMB_T_BUF, .flags = AMB_P_OUT, .len = s->cap - s->end, .v.w = s->buf + s->end}, ret;
    st = ambgate_basic(vm, cap, ambv_nil(), r, r->res->type->read_op, what, &a, 1, &ret);
    if (st) return st;
    if (ret.v.i < 0 || (!ret.aux && ret.v.i > (int64_t)a.len))
        return amberr_raise(vm, AMB_ERR_STATE,
                            "%s: the provider answered out of its contract", what);
    if (r->bytes >= 0 && !ambhandle_spend(vm, r, 0, ret.v.i))
        return ambgate_refused(
            vm, r, NULL, what,
            amberr_raise(vm, AMB_ERR_LIMIT, "%s: the bytes allowed are used up", what),
            "quota of bytes");
    if (!ret.aux) s->end += (uint32_t)ret.v.i;
    s->grows = s->end == s->cap;
    *got = (uint32_t)ret.v.i;
    return AMB_OK;
}

/* Until n bytes are buffered or the input ends. */
static amb_status fill_to(amb_vm *vm, ambv cap, ambrow *r, const char *what, uint32_t n) {
    uint32_t got = 1;
    amb_status st = AMB_OK;
    while (st == AMB_OK && got && (buffered(r) < n || ambtask_answer(vm)))
        st = fill(vm, cap, r, what, &got);
    return st;
}

amb_status ambstream_settle(amb_vm *vm, ambrow *r) {
    ambstream *s = &r->res->in;
    if (s->at == s->end || !r->res->type->seek_op) return AMB_OK;
    amb_arg a[2] = {{.type = AMB_T_I64, .v.i = -(int64_t)(s->end - s->at)},
                    {.type = AMB_T_STR, .len = 4, .v.p = "here"}};
    ambcall c;
    const amb_op *op =
        ambgate_ordinal(r->res->prov, r->res->type->id, r->res->type->seek_op);
    if (!op) return AMB_OK;
    ambgate_begin(&c, vm, r->res->prov, op, (uint32_t)(r - vm->gate->rows));
    amb_status st = ambgate_run(&c, a, 2);
    ambmarshal_free(&c);
    /* What has no position (a pipe) keeps its buffer. */
    if (st == AMB_OK) s->at = s->end = 0;
    return AMB_OK;
}

/* --- arguments ---------------------------------------------------------------------- */

static amb_status count_arg(amb_vm *vm, const char *what, const char *which,
                            const ambv *args, uint32_t n, uint32_t i, int64_t least,
                            uint32_t otherwise, uint32_t *out) {
    *out = otherwise;
    if (i >= n || args[i].tag == TAG_UNDEF || args[i].tag == TAG_NIL) return AMB_OK;
    if (args[i].tag != TAG_INT) return amberr_arg(vm, what, which, "an int", args[i]);
    if (args[i].i < least)
        return amberr_raise(vm, AMB_ERR_VALUE, "%s: %s must be at least %d", what, which,
                            (int)least);
    *out = args[i].i > (int64_t)LONGEST ? LONGEST : (uint32_t)args[i].i;
    return AMB_OK;
}

/* Text in which every byte that is not UTF-8 is U+FFFD. */
static amb_string *lossy(amb_vm *vm, const char *p, uint32_t len) {
    ambbuf b;
    ambbuf_init(&b, vm);
    while (len) {
        size_t chars, good = ambutf8_validate(p, len, &chars);
        ambbuf_add(&b, p, good);
        p += good;
        len -= (uint32_t)good;
        if (!len) break;
        ambbuf_add(&b, "\xef\xbf\xbd", 3);
        p++;
        len--;
    }
    return ambbuf_string(&b);
}

static amb_status give(amb_vm *vm, ambrow *r, uint32_t len, uint32_t used, bool text,
                       ambv *out) {
    if (text) {
        const char *p = start_of(r);
        size_t chars;
        bool replace = r->replace && ambutf8_validate(p, len, &chars) < len;
        amb_string *s = replace ? lossy(vm, p, len) : ambstr_checked(vm, p, len);
        if (!s) return no_memory(vm);
        *out = ambv_obj(s);
    } else {
        amb_bytes *b = ambbytes_new(vm, len ? start_of(r) : NULL, len);
        if (!b) return no_memory(vm);
        *out = ambv_obj(b);
    }
    ambvm_charge(vm, (len >> 6) + 10);
    take(vm, r, used);
    return AMB_OK;
}

/* --- lines -------------------------------------------------------------------------- */

/* The next line without its end. Nil: there is none. */
static amb_status line(amb_vm *vm, ambv cap, ambrow *r, const char *what, uint32_t max, ambv *out) {
    uint32_t seen = 0;
    for (;;) {
        uint32_t have = buffered(r);
        const char *p = have ? start_of(r) : NULL;
        /* What was waited for is taken first: it is in the buffer, but not accounted for. */
        bool ready = !ambtask_answer(vm);
        const char *nl = ready && have > seen ? memchr(p + seen, '\n', have - seen) : NULL;
        if (nl) {
            uint32_t len = (uint32_t)(nl - p);
            if (AMB_UNLIKELY(len > max)) break;
            return give(vm, r, len && p[len - 1] == '\r' ? len - 1 : len, len + 1, true,
                        out);
        }
        if (ready) seen = have;
        if (ready && have > max) break;
        uint32_t got;
        amb_status st = fill(vm, cap, r, what, &got);
        if (st) return st;
        if (got == 0) {
            if (have) return give(vm, r, have, have, true, out);
            *out = ambv_nil();
            return AMB_OK;
        }
    }
    return amberr_raise(vm, AMB_ERR_LIMIT, "%s: a line is longer than %u bytes", what,
                        max);
}

amb_status ambstream_next_line(amb_vm *vm, ambv cap, ambrow *r, ambv *out) {
    amb_status st = turn(vm, cap, r, "lines", false);
    if (!st) st = line(vm, cap, r, "lines", r->max, out);
    if (st) return st;
    if (st == AMB_OK && out->tag == TAG_NIL) *out = ambv_done();
    return st;
}

/* --- verbs -------------------------------------------------------------------------- */

#define VERB(name)                                                            \
    static amb_status name(amb_vm *vm, ambv cap, ambrow *r, const ambv *args, \
                           uint32_t n, ambv *out)
#define UNUSED (void)cap, (void)r, (void)args, (void)n

VERB(verb_lines) {
    UNUSED;
    uint32_t max;
    amb_status st = count_arg(vm, "lines", "max", args, n, 0, 1, LONGEST, &max);
    if (st) return st;
    const amb_op *op =
        ambgate_ordinal(r->res->prov, r->res->type->id, r->res->type->read_op);
    if (op && (st = ambgate_allowed(vm, r, op, "lines")) != AMB_OK) return st;
    bool replace = n > 1 && args[1].tag != TAG_UNDEF && args[1].tag != TAG_NIL;
    if (replace && !ambv_is_bool(args[1]))
        return amberr_arg(vm, "lines", "replace", "a bool", args[1]);
    if ((st = ambhandle_derive(vm, r, ROW_LINES, r->rights, out)) != AMB_OK) return st;
    vm->gate->rows[out->cap->slot].max = max;
    vm->gate->rows[out->cap->slot].replace = replace && ambv_truthy(args[1]);
    return AMB_OK;
}

VERB(verb_read_line) {
    UNUSED;
    uint32_t max;
    amb_status st = count_arg(vm, "read_line", "max", args, n, 0, 1, LONGEST, &max);
    if (!st) st = turn(vm, cap, r, "read_line", false);
    return st ? st : line(vm, cap, r, "read_line", max, out);
}

VERB(verb_read) {
    UNUSED;
    uint32_t max;
    amb_status st = count_arg(vm, "read", "max", args, n, 0, 1, FILE_BUFFER, &max);
    if (!st) st = turn(vm, cap, r, "read", false);
    if (!st) st = fill_to(vm, cap, r, "read", 1);
    if (st) return st;
    uint32_t have = buffered(r);
    if (!have) {
        *out = ambv_nil();
        return AMB_OK;
    }
    if (max > have) max = have;
    return give(vm, r, max, max, false, out);
}

VERB(verb_read_exact) {
    UNUSED;
    uint32_t want;
    amb_status st = count_arg(vm, "read_exact", "n", args, n, 0, 0, 0, &want);
    if (st) return st;
    if (args[0].tag != TAG_INT)
        return amberr_arg(vm, "read_exact", "n", "an int", args[0]);
    if (args[0].i > (int64_t)LONGEST)
        return amberr_raise(vm, AMB_ERR_VALUE, "read_exact: n is more than %u", LONGEST);
    if ((st = turn(vm, cap, r, "read_exact", false)) != AMB_OK) return st;
    if ((st = fill_to(vm, cap, r, "read_exact", want)) != AMB_OK) return st;
    if (buffered(r) < want)
        return amberr_io(vm, "eof", 0, NULL,
                         "read_exact: the input ends after %u of %u bytes", buffered(r),
                         want);
    return give(vm, r, want, want, false, out);
}

VERB(verb_read_until) {
    UNUSED;
    uint32_t max, seen = 0, len;
    const void *sep;
    bool text = args[0].tag == TAG_STRING;
    if (text) sep = args[0].str->data, len = args[0].str->len;
    else if (args[0].tag == TAG_BYTES) {
        amb_status st = ambbytes_check(vm, args[0].bytes);
        if (st) return st;
        len = args[0].bytes->len;
        sep = len ? args[0].bytes->block->data : NULL;
    } else return amberr_arg(vm, "read_until", "sep", "a string or bytes", args[0]);
    if (!len) return amberr_raise(vm, AMB_ERR_VALUE, "read_until: sep must not be empty");
    amb_status st = count_arg(vm, "read_until", "max", args, n, 1, 1, LONGEST, &max);
    if (!st) st = turn(vm, cap, r, "read_until", false);
    if (st) return st;
    for (;;) {
        uint32_t have = buffered(r);
        const char *p = have ? start_of(r) : NULL;
        bool ready = !ambtask_answer(vm);
        const char *hit = ready && have > seen ? memmem(p + seen, have - seen, sep, len) : NULL;
        if (hit) {
            if ((uint32_t)(hit - p) > max) break;
            return give(vm, r, (uint32_t)(hit - p), (uint32_t)(hit - p) + len, text, out);
        }
        /* The separator may have begun at the end of what is there. */
        if (ready) seen = have >= len ? have - len + 1 : 0;
        if (ready && have > max && have - max > len) break;
        uint32_t got;
        if ((st = fill(vm, cap, r, "read_until", &got)) != AMB_OK) return st;
        if (got == 0) {
            if (have > max) break;
            if (have) return give(vm, r, have, have, text, out);
            *out = ambv_nil();
            return AMB_OK;
        }
    }
    return amberr_raise(vm, AMB_ERR_LIMIT, "read_until: no separator within %u bytes",
                        max);
}

static amb_status whole(amb_vm *vm, ambv cap, ambrow *r, const char *what, uint32_t max, bool text,
                        ambv *out) {
    amb_status st = turn(vm, cap, r, what, false);
    if (!st) st = fill_to(vm, cap, r, what, max < LONGEST ? max + 1 : LONGEST);
    if (st) return st;
    uint32_t have = buffered(r);
    if (have > max)
        return amberr_raise(vm, AMB_ERR_LIMIT, "%s: more than %u bytes", what, max);
    return give(vm, r, have, have, text, out);
}

VERB(verb_read_all) {
    UNUSED;
    uint32_t max;
    amb_status st = count_arg(vm, "read_all", "max", args, n, 0, 0, LONGEST, &max);
    return st ? st : whole(vm, cap, r, "read_all", max, false, out);
}

VERB(verb_read_text) {
    UNUSED;
    uint32_t max;
    amb_status st = count_arg(vm, "read_text", "max", args, n, 0, 0, LONGEST, &max);
    return st ? st : whole(vm, cap, r, "read_text", max, true, out);
}

VERB(verb_write) {
    UNUSED;
    const char *p;
    uint32_t len;
    amb_status st;
    ambv v = args[0];
    if (v.tag == TAG_STRING) p = v.str->data, len = v.str->len;
    else if (v.tag == TAG_BYTES) {
        if ((st = ambbytes_check(vm, v.bytes)) != AMB_OK) return st;
        len = v.bytes->len;
        p = len ? (const char *)v.bytes->block->data : "";
    } else return amberr_arg(vm, "write", "data", "a string or bytes", v);
    bool going_on = ambtask_answer(vm) != NULL;
    bool partial = vm->task && vm->task->partial; /* it has waited, some of it is written */
    uint32_t done = partial ? vm->task->progress : 0;
    if (partial) vm->task->partial = false;
    else {
        if ((st = turn(vm, cap, r, "write", true)) != AMB_OK) return st;
        if (r->bytes >= 0 && !ambhandle_spend(vm, r, 0, len))
            return ambgate_refused(
                vm, r, NULL, "write",
                amberr_raise(vm, AMB_ERR_LIMIT, "write: the bytes allowed are used up"),
                "quota of bytes");
        if (buffered(r) && (st = ambstream_settle(vm, r)) != AMB_OK) return st;
    }
    st = AMB_OK;
    do {
        amb_arg a = {.type = AMB_T_BUF, .flags = AMB_P_IN, .len = len - done, .v.p = p + done}, ret;
        int64_t calls = r->calls;
        if (v.tag == TAG_BYTES && !going_on) v.bytes->leased++;
        st = ambgate_basic(vm, cap, v, r, r->res->type->write_op, "write", &a, 1, &ret);
        if (v.tag == TAG_BYTES && !going_on && !(st == AMB_PENDING && vm->task->call)) v.bytes->leased--;
        if (st == AMB_PENDING) {
            vm->task->progress = done;
            vm->task->partial = true;
            return st;
        }
        if (done && calls >= 0) r->calls = calls; /* one write is one call */
        if (st == AMB_OK && (ret.v.i < 0 || ret.v.i > (int64_t)a.len || (len && ret.v.i == 0)))
            st = amberr_io(vm, "other", 0, NULL, "write: nothing was written");
        if (st == AMB_OK) done += (uint32_t)ret.v.i;
        going_on = false;
    } while (st == AMB_OK && done < len);
    if (st == AMB_OK) *out = ambv_nil();
    return st;
}

/* Into the caller's bytes: straight from the provider when nothing is buffered. */
VERB(verb_read_into) {
    UNUSED;
    uint32_t at, most;
    amb_status st;
    if (args[0].tag != TAG_BYTES) return amberr_arg(vm, "read_into", "buffer", "bytes", args[0]);
    amb_bytes *b = args[0].bytes;
    bool going_on = ambtask_answer(vm) != NULL;
    if (!going_on && (st = ambbytes_check(vm, b)) != AMB_OK) return st;
    st = count_arg(vm, "read_into", "at", args, n, 1, 0, 0, &at);
    if (!st) st = count_arg(vm, "read_into", "max", args, n, 2, 1, LONGEST, &most);
    if (st) return st;
    if (at > b->len)
        return amberr_raise(vm, AMB_ERR_INDEX, "read_into: at is %u, beyond the %u bytes", at, b->len);
    if (most > b->len - at) most = b->len - at;
    if (!most) return amberr_raise(vm, AMB_ERR_VALUE, "read_into: there is no room in the buffer");
    if (!going_on && (st = turn(vm, cap, r, "read_into", false)) != AMB_OK) return st;
    uint32_t have = buffered(r);
    if (!going_on && have) {
        if (most > have) most = have;
        memcpy(b->block->data + at, start_of(r), most);
        take(vm, r, most);
        *out = ambv_int(most);
        return AMB_OK;
    }
    amb_arg a = {.type = AMB_T_BUF, .flags = AMB_P_OUT, .len = most, .v.w = b->block->data + at}, ret;
    if (!going_on) b->leased++;
    st = ambgate_basic(vm, cap, args[0], r, r->res->type->read_op, "read_into", &a, 1, &ret);
    if (!going_on && !(st == AMB_PENDING && vm->task->call)) b->leased--;
    if (st) return st;
    if (ret.v.i < 0 || ret.v.i > (int64_t)most)
        return amberr_raise(vm, AMB_ERR_STATE, "read_into: the provider answered out of its contract");
    if (r->bytes >= 0 && !ambhandle_spend(vm, r, 0, ret.v.i))
        return ambgate_refused(
            vm, r, NULL, "read_into",
            amberr_raise(vm, AMB_ERR_LIMIT, "read_into: the bytes allowed are used up"), "quota of bytes");
    *out = ambv_int(ret.v.i);
    return AMB_OK;
}

VERB(verb_next) {
    UNUSED;
    return ambgate_next(vm, cap, out);
}

VERB(verb_close) {
    UNUSED;
    ambhandle_close(vm, cap.cap->slot);
    *out = ambv_nil();
    return AMB_OK;
}

const ambverb ambstream_verbs[] = {
    {"lines", 0, 2, VERB_READ, "max replace", verb_lines,
     "lines(max: int = nil, replace: bool = false)",
     "The lines that follow, one at a time, without `\\n` or `\\r\\n`; closes at the end. "
     "A byte that is not UTF-8 raises DecodeError; with `replace` it becomes U+FFFD."},
    {"read_line", 0, 1, VERB_READ, "max", verb_read_line,
     "read_line(max: int = nil) -> string?",
     "The next line without its end, nil when there is none."},
    {"read", 0, 1, VERB_READ, "max", verb_read, "read(max: int = 65536) -> bytes?",
     "At least one byte and at most `max`, nil at the end."},
    {"read_exact", 1, 1, VERB_READ, "n", verb_read_exact, "read_exact(n: int) -> bytes",
     "Exactly `n` bytes; IOError of kind \"eof\" when there are fewer."},
    {"read_until", 1, 2, VERB_READ, "sep max", verb_read_until,
     "read_until(sep: string | bytes, max: int = nil)",
     "What comes before `sep`, of the same type as `sep`, which is skipped; nil at the "
     "end."},
    {"read_all", 0, 1, VERB_READ, "max", verb_read_all,
     "read_all(max: int = nil) -> bytes",
     "Everything that is left; LimitError when that is more than `max` bytes."},
    {"read_text", 0, 1, VERB_READ, "max", verb_read_text,
     "read_text(max: int = nil) -> string",
     "Everything that is left as text; DecodeError when it is not UTF-8."},
    {"read_into", 1, 3, VERB_READ, "buffer at max", verb_read_into,
     "read_into(buffer: bytes, at: int = 0, max: int = nil) -> int",
     "Reads at least one byte into the buffer, from `at` on, and at most `max`: how many, 0 at the end. The "
     "buffer cannot be used meanwhile."},
    {"write", 1, 1, VERB_WRITE, "data", verb_write, "write(data: string | bytes)",
     "Writes all of it."},
    {"_plugin", 2, 2, VERB_SOURCE, "name with", ambmodules_plugin, "", ""},
    {"next", 0, 0, VERB_NEXT, NULL, verb_next, "next()",
     "The next item, `done` at the end."},
    {"close", 0, 0, VERB_ANY, NULL, verb_close, "close()",
     "Ends this capability; those derived from it go on. Closing twice is fine."},
    {NULL, 0, 0, VERB_ANY, NULL, NULL, NULL, NULL},
};

const ambverb *ambstream_verb(const ambrow *r, const char *name, size_t len) {
    for (const ambverb *v = ambstream_verbs; v->name; v++) {
        if (strncmp(v->name, name, len) != 0 || v->name[len] != 0) continue;
        bool lines = r->kind == ROW_LINES;
        const amb_restype *t = r->res->type;
        switch (v->needs) {
        case VERB_ANY: return v;
        case VERB_READ: return !lines && t->read_op ? v : NULL;
        case VERB_WRITE: return !lines && t->write_op ? v : NULL;
        case VERB_NEXT: return lines || t->next_op ? v : NULL;
        case VERB_SOURCE: return !lines && t->source_op ? v : NULL;
        }
    }
    return NULL;
}

/* --- the entry script's standard input ---------------------------------------------- */

amb_status ambgate_stdin(amb_vm *vm, ambv *out) {
    struct ambgate *g = vm->gate;
    ambprov *prov = ambgate_provider(g, "console", 7);
    const amb_op *op = prov ? ambgate_op(g, prov, NULL, "stdin", 5) : NULL;
    if (!op)
        return amberr_raise(vm, AMB_ERR_CAPABILITY, "there is no standard input here");
    ambcall c;
    ambgate_begin(&c, vm, prov, op, 0);
    amb_status st = ambgate_run(&c, NULL, 0);
    st = st == AMB_OK ? ambmarshal_out(&c, &c.ret, out) : ambgate_raise(&c, st, "stdin");
    ambmarshal_free(&c);
    return st;
}

amb_status ambgate_input(amb_vm *vm, const amb_string *prompt, ambv *out) {
    ambv in;
    ambrow *r;
    if (vm->gate_closed)
        return amberr_raise(
            vm, AMB_ERR_STATE,
            "input: no operations inside `==`, `<`, `hash` and `str` methods");
    /* Asked again when the line has come: it came through the capability of the first time. */
    const ambpending *done = ambtask_answer(vm);
    amb_status st = AMB_OK;
    if (done) in = ambv_obj(vm->gate->rows[done->call.row].cap);
    else st = ambgate_stdin(vm, &in);
    if (!st) st = ambhandle_row(vm, in, &r);
    if (!st && !done && prompt) {
        st = ambvm_write(vm, 1, prompt->data, prompt->len);
        if (!st && vm->output) vm->output(vm->output_ud, 1, NULL, 0);
    }
    if (st) return st;
    uint32_t slot = in.cap->slot;
    st = line(vm, in, r, "input", LONGEST, out);
    if (st == AMB_PENDING) return st;
    ambtask_drop_answer(vm); /* the line may have been in the buffer by then */
    ambhandle_close(vm, slot);
    return st;
}

const amb_native_def amblib_stream[] = {
    {"copy", NULL, 1, 2, NATIVE_METHOD, "to, max", "copy(to, max: int = nil) -> int",
     "Writes what is left, at most `max` bytes, to another stream: how many.", "stream:copy"},
    {"load", NULL, 1, 3, NATIVE_METHOD, "name, with, fuel",
     "load(name: string, with: map = {}, fuel: int = nil) -> module",
     "A new instance of the plug-in, given what `with` names; `fuel` bounds the run of its top level.",
     "plugin:load"},
    {NULL, NULL, 0, 0, 0, NULL, NULL, NULL, NULL},
};
