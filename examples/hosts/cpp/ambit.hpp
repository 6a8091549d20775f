/* SPDX-License-Identifier: MIT */
/* Ambit for C++17: machines, scopes, pins, functions and classes that clean up behind themselves.
 *
 * Failures of the interface are thrown as ambit::error in C++. No exception ever passes through the machine: what a
 * function of the host throws is caught where the machine calls it and goes on as an error of the script, which the
 * script can catch, or which arrives as ambit::error where C++ called the script. */
#ifndef AMBIT_HPP
#define AMBIT_HPP

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <ambit/ambit.h>

namespace ambit {

/* What a call gave that was not AMB_OK. type: the class of the script's error, or the limit, or "". */
class error : public std::runtime_error {
public:
    error(amb_status st, std::string type, const std::string &message, std::string report)
        : std::runtime_error(message), status_(st), type_(std::move(type)), report_(std::move(report)) {}
    amb_status status() const noexcept { return status_; }
    const std::string &type() const noexcept { return type_; }
    const std::string &report() const noexcept { return report_; } /* with excerpt and trace */

private:
    amb_status status_;
    std::string type_, report_;
};

inline void append(void *to, const char *s, size_t n) { static_cast<std::string *>(to)->append(s, n); }

/* Throws what the machine's last failed call has to say. */
inline void check(amb_vm *vm, amb_status st)
{
    if (st == AMB_OK) return;
    std::string type, message = "status " + std::to_string(st), report;
    amb_scope scope = amb_scope_open(vm);
    amb_value e;
    amb_error parts{};
    parts.size = sizeof parts;
    if (const char *limit = st == AMB_E_LIMIT ? amb_last_limit(vm) : nullptr) {
        type = limit;
        message = type + " used up";
    } else if (st != AMB_E_SCOPE && amb_last_error(vm, &e) == AMB_OK && amb_error_parts(vm, e, &parts) == AMB_OK) {
        type = parts.type;
        message.assign(parts.message, parts.message_len);
    }
    amb_error_report(vm, 0, append, &report);
    amb_scope_close(vm, scope);
    throw error(st, std::move(type), message, std::move(report));
}

/* Values that are made while it lives are good until it ends. */
class scope {
public:
    explicit scope(amb_vm *vm) : vm_(vm), scope_(amb_scope_open(vm)) {}
    ~scope() { amb_scope_close(vm_, scope_); }
    scope(const scope &) = delete;
    scope &operator=(const scope &) = delete;

private:
    amb_vm *vm_;
    amb_scope scope_;
};

/* A value that is good as long as this is; it must not outlive the machine. */
class pinned {
public:
    pinned() noexcept : vm_(nullptr), value_(amb_nil()) {}
    pinned(amb_vm *vm, amb_value v) : vm_(vm) { check(vm, amb_pin(vm, v, &value_)); }
    pinned(pinned &&o) noexcept : vm_(std::exchange(o.vm_, nullptr)), value_(std::exchange(o.value_, amb_nil())) {}
    pinned &operator=(pinned &&o) noexcept
    {
        std::swap(vm_, o.vm_);
        std::swap(value_, o.value_);
        return *this;
    }
    ~pinned()
    {
        if (vm_) amb_unpin(vm_, value_);
    }
    amb_value get() const noexcept { return value_; }

private:
    amb_vm *vm_;
    amb_value value_;
};

/* ---- values both ways ------------------------------------------------------------------ */

template <class T> struct converter; /* to(vm, T) -> amb_value, from(vm, amb_value) -> T */

template <> struct converter<amb_value> {
    static amb_value to(amb_vm *, amb_value v) { return v; }
    static amb_value from(amb_vm *, amb_value v) { return v; }
};
template <> struct converter<bool> {
    static amb_value to(amb_vm *, bool b) { return amb_bool(b); }
    static bool from(amb_vm *, amb_value v) { return amb_truth(v); }
};
template <> struct converter<std::int64_t> {
    static amb_value to(amb_vm *, std::int64_t i) { return amb_int(i); }
    static std::int64_t from(amb_vm *vm, amb_value v)
    {
        std::int64_t i;
        if (!amb_as_int(v, &i)) throw std::invalid_argument(std::string("an int was expected, not ") + amb_type_name(vm, v));
        return i;
    }
};
template <> struct converter<double> {
    static amb_value to(amb_vm *, double d) { return amb_float(d); }
    static double from(amb_vm *vm, amb_value v)
    {
        double d;
        if (!amb_as_float(v, &d)) throw std::invalid_argument(std::string("a number was expected, not ") + amb_type_name(vm, v));
        return d;
    }
};
template <> struct converter<std::string> {
    static amb_value to(amb_vm *vm, std::string_view s)
    {
        amb_value v;
        check(vm, amb_string_new(vm, s.data(), s.size(), &v));
        return v;
    }
    static std::string from(amb_vm *vm, amb_value v)
    {
        const char *s;
        size_t n;
        if (amb_as_string(vm, v, &s, &n) != AMB_OK)
            throw std::invalid_argument(std::string("a string was expected, not ") + amb_type_name(vm, v));
        return std::string(s, n);
    }
};
template <class T> struct converter<std::vector<T>> {
    static amb_value to(amb_vm *vm, const std::vector<T> &all)
    {
        amb_value list;
        check(vm, amb_list_new(vm, nullptr, 0, &list));
        for (const T &x : all) check(vm, amb_list_push(vm, list, converter<T>::to(vm, x)));
        return list;
    }
    static std::vector<T> from(amb_vm *vm, amb_value v)
    {
        std::vector<T> all;
        std::uint64_t n;
        amb_value e;
        check(vm, amb_len(vm, v, &n));
        for (std::uint32_t i = 0; i < n; i++) {
            check(vm, amb_at(vm, v, i, &e));
            all.push_back(converter<T>::from(vm, e));
        }
        return all;
    }
};

/* What a native function is given: the arguments, and the machine for those who need it. */
struct call {
    amb_vm *vm;
    const amb_value *args;
    std::uint32_t n;
    template <class T> T arg(std::uint32_t i) const { return converter<T>::from(vm, args[i]); }
};
using native = std::function<amb_value(const call &)>;

namespace detail {
/* The one place where C++ is called by the machine: nothing is thrown out of it. */
template <class F> amb_status guarded(amb_vm *vm, F &&f) noexcept
{
    try {
        f();
        return AMB_OK;
    } catch (const error &e) {
        /* A failed call goes on as what it was; a limit cannot be caught by anybody. */
        if (e.status() != AMB_E_THROW) return e.status();
        amb_value thrown;
        if (amb_last_error(vm, &thrown) == AMB_OK && !amb_is_nil(thrown)) return amb_throw(vm, thrown);
        return amb_raise(vm, nullptr, "%s", e.what());
    } catch (const std::bad_alloc &) {
        return AMB_E_NOMEM;
    } catch (const std::invalid_argument &e) {
        return amb_raise(vm, "TypeError", "%s", e.what());
    } catch (const std::out_of_range &e) {
        return amb_raise(vm, "IndexError", "%s", e.what());
    } catch (const std::domain_error &e) {
        return amb_raise(vm, "ValueError", "%s", e.what());
    } catch (const std::exception &e) {
        return amb_raise(vm, nullptr, "%s", e.what());
    } catch (...) {
        return amb_raise(vm, nullptr, "the host failed in a way it does not tell");
    }
}

inline amb_status trampoline(amb_vm *vm, void *ud, const amb_value *args, std::uint32_t n, amb_value *out)
{
    return guarded(vm, [&] { *out = (*static_cast<native *>(ud))(call{vm, args, n}); });
}
inline void drop_native(void *ud) { delete static_cast<native *>(ud); }
} // namespace detail

/* ---- machines -------------------------------------------------------------------------- */

class machine {
public:
    struct limits {
        std::size_t heap_bytes = std::size_t(32) << 20;
        std::uint64_t fuel = 10000000, timeout_ns = 2000000000;
    };
    machine() : machine(limits()) {}
    explicit machine(const limits &l)
    {
        amb_config c{};
        c.size = sizeof c;
        c.heap_bytes = l.heap_bytes;
        c.fuel = l.fuel;
        c.timeout_ns = l.timeout_ns;
        amb_status why = AMB_OK;
        vm_.reset(amb_vm_new(&c, &why));
        if (!vm_) throw std::bad_alloc();
    }
    amb_vm *vm() const noexcept { return vm_.get(); }

    /* Any callable as a function of the scripts'. What it captured is gone with the function. */
    amb_value function(std::string name, std::uint8_t min, std::uint8_t max, native f)
    {
        amb_value out;
        auto owned = std::make_unique<native>(std::move(f));
        check(vm(), amb_function_new(vm(), row(std::move(name), detail::trampoline, min, max, 0), owned.get(), detail::drop_native, &out));
        owned.release(); /* the machine's, from here on */
        return out;
    }

    /* A module of values: functions, classes, constants. */
    void module(const std::string &name, const std::vector<std::pair<std::string, amb_value>> &exports)
    {
        std::vector<const char *> names;
        std::vector<amb_value> values;
        for (const auto &e : exports) names.push_back(e.first.c_str()), values.push_back(e.second);
        amb_module_def def{};
        def.size = sizeof def;
        def.name = name.c_str();
        def.names = names.data();
        def.values = values.data();
        def.nvalues = static_cast<std::uint32_t>(values.size());
        check(vm(), amb_module_new(vm(), &def));
    }

    /* Runs a script that is given nothing but what its imports are. */
    amb_script *run(const std::string &name, std::string_view source)
    {
        amb_script *script;
        std::string said;
        amb_status st = amb_load(vm(), name.c_str(), source.data(), source.size(), 0, append, &said, &script);
        if (st == AMB_E_COMPILE) throw error(st, "compiler", "not accepted: " + name, said);
        check(vm(), st);
        if (amb_script_manifest(script)->nuses) throw error(AMB_E_RIGHTS, "", "no `use` is granted: " + name, "");
        check(vm(), amb_run(vm(), script, amb_nil(), nullptr, nullptr));
        return script;
    }
    pinned exported(amb_script *script, const char *name)
    {
        scope s(vm());
        amb_value v;
        if (amb_script_get(script, name, &v) != AMB_OK) throw error(AMB_E_ARG, "", std::string("the script has no pub ") + name, "");
        return pinned(vm(), v);
    }

    /* result<T>(f, args...): calls a function of a script. */
    template <class R, class... A> R call(const pinned &f, A &&...args)
    {
        static_assert(!std::is_same_v<R, amb_value>, "its scope is over when call returns; take call_value in a scope");
        scope s(vm());
        return converter<R>::from(vm(), call_value(f, std::forward<A>(args)...));
    }
    template <class... A> amb_value call_value(const pinned &f, A &&...args)
    {
        amb_value v[sizeof...(A) + 1] = {converter<std::decay_t<A>>::to(vm(), std::forward<A>(args))...}, out;
        check(vm(), amb_call_function(vm(), f.get(), v, sizeof...(A), &out));
        return out;
    }

    /* Tables of the interface live as long as the machine: their rows are kept here, and never move. */
    const amb_function *row(std::string name, amb_native_fn fn, std::uint8_t min, std::uint8_t max, std::uint16_t flags)
    {
        names_.push_back(std::move(name));
        amb_function f{};
        f.name = names_.back().c_str();
        f.fn = fn;
        f.min = min;
        f.max = max;
        f.flags = flags;
        rows_.push_back(f);
        return &rows_.back();
    }

private:
    struct freer {
        void operator()(amb_vm *vm) const noexcept { amb_vm_free(vm); }
    };
    std::deque<std::string> names_;
    std::deque<amb_function> rows_;
    std::unique_ptr<amb_vm, freer> vm_; /* the last member: freed first, while the tables are still there */
};

/* ---- classes --------------------------------------------------------------------------- */

/* A class of scripts over objects of T, which the scripts' objects own. Members are given as pointers that are known when this
 * is compiled: method<&T::name>("name"), getter<&T::name>("name"). Arguments and results are converted. Lives as long
 * as the machine. */
template <class T> class object_class {
public:
    object_class(machine &m, std::string name) : m_(m), name_(std::move(name)) {}
    object_class(const object_class &) = delete;

    template <auto F> object_class &method(const char *name) { return add<F>(name, 0); }
    template <auto F> object_class &getter(const char *name) { return add<F>(name, AMB_FN_GETTER); }
    /* After the last member: the class as a value. Scripts construct it with arguments of these types. */
    template <class... A> amb_value constructed_from()
    {
        construct_ = *m_.row(name_, construct<A...>, sizeof...(A), sizeof...(A), 0);
        amb_class_def d{};
        d.size = sizeof d;
        d.name = name_.c_str();
        d.members = members_.data();
        d.nmembers = static_cast<std::uint32_t>(members_.size());
        d.construct = &construct_;
        d.finalize = [](void *host) { delete static_cast<T *>(host); };
        d.ud = this;
        scope s(m_.vm());
        amb_value v;
        check(m_.vm(), amb_class_new(m_.vm(), &d, &v));
        cls_ = pinned(m_.vm(), v);
        return cls_.get();
    }
    amb_value make(std::unique_ptr<T> host)
    {
        amb_value v;
        check(m_.vm(), amb_object_new(m_.vm(), cls_.get(), host.get(), &v));
        host.release();
        return v;
    }
    T &of(amb_value v) const
    {
        void *host = nullptr;
        check(m_.vm(), amb_object_host(m_.vm(), v, cls_.get(), &host));
        return *static_cast<T *>(host);
    }

private:
    template <class R, class... A> struct shape {
        static constexpr std::uint8_t count = sizeof...(A);
        template <class F, std::size_t... I> static amb_value call(T &o, F f, const ambit::call &c, std::index_sequence<I...>)
        {
            if constexpr (std::is_void_v<R>) {
                (o.*f)(c.arg<std::decay_t<A>>(I + 1)...);
                return amb_nil();
            } else {
                return converter<std::decay_t<R>>::to(c.vm, (o.*f)(c.arg<std::decay_t<A>>(I + 1)...));
            }
        }
        template <class F> static amb_value call(T &o, F f, const ambit::call &c)
        {
            return call(o, f, c, std::index_sequence_for<A...>());
        }
    };
    template <class R, class... A> static shape<R, A...> shape_of(R (T::*)(A...));
    template <class R, class... A> static shape<R, A...> shape_of(R (T::*)(A...) const);

    template <auto F> object_class &add(const char *name, std::uint16_t flags)
    {
        using S = decltype(shape_of(F));
        members_.push_back(*m_.row(name, member<F, S>, S::count, S::count, flags));
        return *this;
    }
    template <auto F, class S>
    static amb_status member(amb_vm *vm, void *ud, const amb_value *args, std::uint32_t n, amb_value *out)
    {
        return detail::guarded(vm, [&] { *out = S::call(static_cast<object_class *>(ud)->of(args[0]), F, ambit::call{vm, args, n}); });
    }
    template <class... A, std::size_t... I> static std::unique_ptr<T> build(const ambit::call &c, std::index_sequence<I...>)
    {
        return std::make_unique<T>(c.arg<A>(I)...);
    }
    template <class... A>
    static amb_status construct(amb_vm *vm, void *ud, const amb_value *args, std::uint32_t n, amb_value *out)
    {
        return detail::guarded(vm, [&] {
            *out = static_cast<object_class *>(ud)->make(build<A...>(ambit::call{vm, args, n}, std::index_sequence_for<A...>()));
        });
    }

    machine &m_;
    std::string name_;
    std::vector<amb_function> members_; /* not changed any more once the class is made */
    amb_function construct_{};
    pinned cls_;
};

} // namespace ambit
#endif
