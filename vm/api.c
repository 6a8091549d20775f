/* SPDX-License-Identifier: MIT */
/* The embedding interface: machines, values, errors. Loading and running are the
 * compiler's. */
#include "api.h"

#include <string.h>
#include <unistd.h>

#include "class.h"
#include "execute.h"
#include "gate.h"
#include "vm_internal.h"

_Static_assert(sizeof(amb_value) == sizeof(ambv), "the public value is the VM's");

/* ---- machines ---- */

static amb_status plain_output(void *ud, int fd, const char *s, size_t n) {
    (void)ud;
    while (s && n) {
        ssize_t k = write(fd, s, n);
        if (k < 0) return AMB_E_IO;
        s += k;
        n -= (size_t)k;
    }
    return AMB_OK;
}

amb_vm *ambapi_new(const amb_config *given, amb_status *why) {
    amb_config c = {0};
    amb_status ignored;
    if (!why) why = &ignored;
    if (given) memcpy(&c, given, given->size < sizeof c ? given->size : sizeof c);
    ambvm_options o = {
        .alloc = c.alloc,
        .alloc_ud = c.alloc_ud,
        .limits = {.heap_bytes = c.heap_bytes,
                   .fuel = c.fuel,
                   .stack_slots = c.stack_slots,
                   .handles = c.handles,
                   .tasks = c.tasks},
        .seed = c.seed,
        .stress = c.stress != 0,
        .reactor = c.reactor,
    };
    /* The stack counts towards the limit: an eighth of it, unless the host says
     * otherwise. */
    if (!o.limits.stack_slots && c.heap_bytes &&
        c.heap_bytes / 8 / sizeof(ambv) < 1000000)
        o.limits.stack_slots = (uint32_t)(c.heap_bytes / 8 / sizeof(ambv));
    amb_vm *vm = ambvm_new(&o, why);
    if (!vm) return NULL;
    vm->gate->wire = c.wire != 0;
    vm->gate->chaos = c.chaos;
    vm->gate->chaos_fails = c.chaos_fails;
    vm->timeout_ns = c.timeout_ns;
    vm->tracked = c.sampled != 0;
    vm->output = c.output ? c.output : plain_output;
    vm->output_ud = c.output_ud;
    return vm;
}

void ambapi_set_reactor(amb_vm *vm, struct amb_reactor *(*make)(void)) { vm->sched->make = make; }

void amb_vm_free(amb_vm *vm) { ambvm_free(vm); }

void amb_cancel(amb_vm *vm) {
    atomic_store(&vm->sched->cancel_root, true);
    ambsched_wake(vm);
}

void amb_interrupt(amb_vm *vm) {
    vm->interrupt = 1;
    ambsched_wake(vm);
}

int amb_poll_fd(amb_vm *vm) {
    const amb_reactor *r = ambsched_reactor(vm);
    return r && r->poll_fd ? r->poll_fd(r->state) : -1;
}

uint64_t amb_next_deadline(amb_vm *vm) {
    const struct ambsched *s = vm->sched;
    if (s->ready.first || atomic_load(&s->wanted)) return 0;
    if (!s->ntimers) return UINT64_MAX;
    uint64_t now = ambsched_now(vm), at = s->heap[1]->at;
    return at > now ? at - now : 0;
}

/* ---- errors ---- */

amb_value amb_last_error(amb_vm *vm) {
    return ambapi_out(vm->exc.tag == TAG_UNDEF ? ambv_nil() : vm->exc);
}

void amb_error_report(amb_vm *vm, int colour, amb_text_fn write, void *ud) {
    if (vm->failed) {
        const char *what =
            vm->failed == AMB_E_NOMEM || !vm->limit_text ? "memory" : vm->limit_text;
        if (vm->limit_text && !strcmp(vm->limit_text, "audit")) {
            static const char lost[] = "the program was ended: the audit cannot be written\n";
            write(ud, lost, sizeof lost - 1);
            return;
        }
        static const char head[] = "the program was ended: ", tail[] = " used up\n";
        write(ud, head, sizeof head - 1);
        write(ud, what, strlen(what));
        write(ud, tail, sizeof tail - 1);
    } else if (vm->exc.tag != TAG_UNDEF) {
        ambreport_error(vm, vm->exc, colour != 0, write, ud);
    }
}

/* A call from outside has no script to raise in: what went wrong becomes its status. */
static amb_status outside(amb_vm *vm, amb_status st) {
    if (st == AMB_E_THROW) {
        vm->exc = ambv_undef();
        return AMB_E_ARG;
    }
    vm->failed = AMB_OK;
    return st < 0 ? st : AMB_E_NOMEM;
}

static amb_status no_memory(amb_vm *vm) {
    return outside(vm, vm->exc.tag != TAG_UNDEF ? AMB_E_THROW : AMB_E_NOMEM);
}

/* ---- values ---- */

amb_value amb_nil(void) { return ambapi_out(ambv_nil()); }
amb_value amb_bool(int b) { return ambapi_out(ambv_bool(b != 0)); }
amb_value amb_int(int64_t i) { return ambapi_out(ambv_int(i)); }
amb_value amb_float(double f) { return ambapi_out(ambv_float(f)); }

amb_status amb_string_new(amb_vm *vm, const char *s, size_t len, amb_value *out) {
    size_t chars;
    if (ambutf8_validate(s, len, &chars) != len) return AMB_E_ARG;
    amb_string *str = ambstr_new(vm, s, len);
    if (!str) return no_memory(vm);
    *out = ambapi_out(ambv_obj(str));
    return AMB_OK;
}

amb_status amb_list_new(amb_vm *vm, amb_value *out) {
    amb_list *l = amblist_new(vm, 0);
    if (!l) return no_memory(vm);
    *out = ambapi_out(ambv_obj(l));
    return AMB_OK;
}

amb_status amb_list_push(amb_vm *vm, amb_value list, amb_value v) {
    ambv l = ambapi_in(list);
    if (l.tag != TAG_LIST) return AMB_E_ARG;
    amb_status st = ambobj_check_writable(vm, l.o);
    if (st == AMB_OK) st = amblist_push_slow(vm, l.list, ambapi_in(v));
    return st == AMB_OK ? st : outside(vm, st);
}

amb_status amb_tuple_new(amb_vm *vm, const amb_value *v, const char *const *names,
                         uint32_t n, amb_value *out) {
    amb_tuple *t = ambtuple_new(vm, n), *keys = NULL;
    if (!t) return no_memory(vm);
    if (names && !(keys = ambtuple_new(vm, n))) return no_memory(vm);
    for (uint32_t i = 0; i < n; i++) {
        t->vals[i] = ambapi_in(v[i]);
        if (!keys) continue;
        amb_string *s = ambstr_intern(vm, names[i], strlen(names[i]));
        if (!s) return no_memory(vm);
        keys->vals[i] = ambv_obj(s);
    }
    t->names = keys;
    *out = ambapi_out(ambv_obj(t));
    return AMB_OK;
}

int amb_is_nil(amb_value v) { return v.tag == TAG_NIL; }

int amb_as_int(amb_value v, int64_t *out) {
    if (v.tag != TAG_INT) return 0;
    *out = ambapi_in(v).i;
    return 1;
}

int amb_as_float(amb_value v, double *out) {
    ambv x = ambapi_in(v);
    if (!ambv_is_number(x)) return 0;
    *out = ambv_to_double(x);
    return 1;
}

int amb_as_string(amb_value v, const char **s, size_t *len) {
    ambv x = ambapi_in(v);
    if (x.tag != TAG_STRING) return 0;
    *s = x.str->data;
    *len = x.str->len;
    return 1;
}

uint32_t amb_list_len(amb_value list) {
    ambv l = ambapi_in(list);
    return l.tag == TAG_LIST ? l.list->len : 0;
}

int amb_list_at(amb_value list, uint32_t i, amb_value *out) {
    ambv l = ambapi_in(list);
    if (l.tag != TAG_LIST || i >= l.list->len) return 0;
    *out = ambapi_out(amblist_at(l.list, i));
    return 1;
}

amb_status amb_show(amb_vm *vm, amb_value v, int quoted, amb_text_fn write, void *ud) {
    ambbuf b;
    ambbuf_init(&b, vm);
    amb_status st = ambtext_append(&b, ambapi_in(v), quoted != 0);
    if (st == AMB_OK && b.failed) st = AMB_E_NOMEM;
    if (st == AMB_OK && b.len) write(ud, b.p, b.len);
    ambbuf_free(&b);
    return st == AMB_OK ? st : outside(vm, st);
}

amb_status amb_pin(amb_vm *vm, amb_value v) {
    amb_status st = ambvm_pin(vm, ambapi_in(v));
    return st == AMB_OK ? st : outside(vm, st);
}

void amb_unpin(amb_vm *vm, amb_value v) {
    for (uint32_t i = vm->npins; i-- > 0;)
        if (vm->pins[i].tag == v.tag && vm->pins[i].u == v.payload) {
            vm->pins[i] = vm->pins[--vm->npins];
            return;
        }
}
