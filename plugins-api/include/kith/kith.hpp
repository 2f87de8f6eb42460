/* SPDX-License-Identifier: Apache-2.0 */
/* kith/kith.hpp - for modules in C++: exceptions end where Kith begins. No part of the binary
 * contract: use it or not. C++11 and later.
 *
 * A function that Kith calls is written as in C, and may throw; its row names it by KITH_GUARDED:
 *
 *     kith_status check_day(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *)
 *     {
 *         if (...)
 *             throw kith::error(KITH_E_REFUSED, "the day is full: choose another one", "day");
 *         return KITH_OK;
 *     }
 *     ... hook.fn = KITH_GUARDED(check_day);
 *
 * What it throws becomes a status and a sentence: a kith::error its own, std::bad_alloc
 * KITH_E_NOMEM, all else KITH_E_INTERNAL. Nothing else may leave a callback: an exception that
 * passes through Kith's frames ends the process. So what Kith calls for each row is given to
 * kith::each, which carries an exception over to the caller. */
#ifndef KITH_HPP
#define KITH_HPP

#include <kith/easy.h>
#include <kith/plugin.h>

#include <exception>
#include <initializer_list>
#include <new>
#include <string>
#include <utility>

namespace kith {

/* A failure with its status, a sentence for the user, and the field at fault, or none. */
class error : public std::exception {
  public:
    error(kith_status status, const std::string &message, const std::string &field = "")
        : status_(status), message_(message), field_(field) {}

    kith_status status() const noexcept {
        return status_;
    }
    const std::string &field() const noexcept {
        return field_;
    }
    const char *what() const noexcept override {
        return message_.c_str();
    }

  private:
    kith_status status_;
    std::string message_, field_;
};

/* What is being thrown, as a status and in err, which may be NULL. Only inside a catch. */
inline kith_status caught(kith_error *err) noexcept {
    try {
        throw;
    } catch (const error &x) {
        return kith_fail(err, x.status(), x.field().c_str(), "%s", x.what());
    } catch (const std::bad_alloc &) {
        return kith_fail(err, KITH_E_NOMEM, "", "no memory");
    } catch (const std::exception &x) {
        return kith_fail(err, KITH_E_INTERNAL, "", "an exception: %s", x.what());
    } catch (...) {
        return kith_fail(err, KITH_E_INTERNAL, "", "an exception of an unknown type");
    }
}

namespace detail {
inline kith_error *last(kith_error *err) noexcept {
    return err;
}
template <typename First, typename... Rest> kith_error *last(First, Rest... rest) noexcept {
    return last(rest...);
}

template <typename Fn, Fn fn> struct guarded;
template <typename... Args, kith_status (*fn)(Args...)>
struct guarded<kith_status (*)(Args...), fn> {
    static kith_status call(Args... args) noexcept {
        try {
            return fn(args...);
        } catch (...) {
            return caught(last(args...));
        }
    }
};
} // namespace detail

/* A function that returns a kith_status and has a kith_error * as its last parameter, as one that
 * throws nothing. */
#define KITH_GUARDED(fn) (&::kith::detail::guarded<decltype(&fn), &fn>::call)

/* create() and destroy() of an instance whose constructor takes the host, and may throw. */
inline kith_status create_instance(const kith_host *host, kith_instance **self, kith_error *err);
inline void destroy_instance(kith_instance *self);
/* Once, behind the definition of struct kith_instance. */
#define KITH_INSTANCE                                                                              \
    inline kith_status kith::create_instance(const kith_host *host, kith_instance **self,          \
                                             kith_error *err) {                                    \
        try {                                                                                      \
            *self = new kith_instance(host);                                                       \
            return KITH_OK;                                                                        \
        } catch (...) {                                                                            \
            return kith::caught(err);                                                              \
        }                                                                                          \
    }                                                                                              \
    inline void kith::destroy_instance(kith_instance *self) {                                      \
        delete self;                                                                               \
    }

/* Calls a function of the host, with all of its arguments but the last one, and throws when it
 * fails: kith::call(records->get, txn, type, id, &row). */
template <typename... Params, typename... Args>
void call(kith_status (*fn)(Params...), Args &&...args) {
    kith_error err = kith_error();
    err.struct_size = sizeof err;
    kith_status st = fn(std::forward<Args>(args)..., &err);
    if (st != KITH_OK)
        throw error(st, err.message, err.field);
}

namespace detail {
template <typename Fn> struct rows {
    Fn &fn;
    std::exception_ptr thrown;

    static kith_status row(void *arg, const kith_txn *, const kith_row *row,
                           kith_error *err) noexcept {
        rows *self = static_cast<rows *>(arg);
        try {
            self->fn(row);
            return KITH_OK;
        } catch (...) {
            self->thrown = std::current_exception();
            return caught(err);
        }
    }
};
} // namespace detail

/* Calls fn(const kith_row *) for each record that the query finds. What fn throws ends the search
 * and arrives here. [reader] */
template <typename Fn>
void each(const kith_records_v1 *records, const kith_txn *txn, uint32_t query,
          std::initializer_list<kith_value> params, Fn fn, uint64_t max = 0) {
    detail::rows<Fn> all = {fn, nullptr};
    kith_error err = kith_error();
    err.struct_size = sizeof err;
    kith_status st = records->find(txn, query, static_cast<uint32_t>(params.size()), params.begin(),
                                   max, &detail::rows<Fn>::row, &all, &err);
    if (all.thrown)
        std::rethrow_exception(all.thrown);
    if (st != KITH_OK)
        throw error(st, err.message, err.field);
}

/* Borrowed: it lives as long as the string. */
inline kith_str str(const std::string &s) noexcept {
    kith_str out;
    out.ptr = s.data();
    out.len = s.size();
    return out;
}
inline kith_value text(const std::string &s) noexcept {
    kith_value v = kith_null();
    v.kind = KITH_TEXT;
    v.as.s = str(s);
    return v;
}
/* A copy; of a value that is no text the empty one. */
inline std::string string(kith_str s) {
    return s.len ? std::string(s.ptr, static_cast<std::size_t>(s.len)) : std::string();
}
inline std::string string(const kith_value &v) {
    return v.kind == KITH_TEXT ? string(v.as.s) : std::string();
}

} // namespace kith
#endif
