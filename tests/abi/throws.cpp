/* SPDX-License-Identifier: Apache-2.0 */
/* A module in C++ that throws wherever Kith calls it. */
#include <kith/kith.hpp>

#include <map>
#include <stdexcept>
#include <vector>

struct kith_instance {
    const kith_records_v1 *records;
    const kith_calls_v1 *calls;
    uint32_t type, name, all;

    explicit kith_instance(const kith_host *host)
        : records(static_cast<const kith_records_v1 *>(host->table(host, KITH_RECORDS_1))),
          calls(static_cast<const kith_calls_v1 *>(host->table(host, KITH_CALLS_1))), type(0),
          name(0), all(0) {
        kith::call(records->type, host, kith_str_of("ball"), &type);
        kith::call(records->field, host, type, kith_str_of("name"), &name);
        kith::call(records->query, host, kith_str_of("ball order by name"), &all);
    }
};
KITH_INSTANCE

namespace {

/* It destroys on the way out what has a destructor. */
int alive;
struct counted {
    counted() {
        ++alive;
    }
    ~counted() {
        --alive;
    }
};

kith_status refuse(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *) {
    counted c;
    kith_value value;
    kith::call(self->records->read, txn, change->after, 1u, &self->name, &value);
    const std::string name = kith::string(value);
    if (name == "lead")
        throw kith::error(KITH_E_REFUSED, "a ball of lead bounces badly: take rubber", "name");
    if (name == "logic")
        throw std::logic_error("what cannot be");
    if (name == "int")
        throw 7;
    if (name == "memory")
        throw std::bad_alloc();
    return KITH_OK;
}

kith_status names(kith_instance *self, kith_call *call, kith_error *) {
    counted c;
    std::map<std::string, int> seen;
    kith::each(self->records, self->calls->view(call), self->all, {}, [&](const kith_row *row) {
        counted inner;
        kith_value value;
        kith::call(self->records->read, self->calls->view(call), row, 1u, &self->name, &value);
        if (kith::string(value) == "stop")
            throw std::runtime_error("at the ball that stops");
        ++seen[kith::string(value)];
    });
    std::string all;
    for (const auto &one : seen)
        all += (all.empty() ? "" : ",") + one.first;
    kith_value out = kith::text(all);
    kith::call(self->calls->result, call, 0u, &out);
    return KITH_OK;
}

kith_status left(kith_instance *self, kith_call *call, kith_error *) {
    kith_value out = kith_number(KITH_INT, alive);
    kith::call(self->calls->result, call, 0u, &out);
    return KITH_OK;
}

kith_field text_field(const char *name, const char *doc, uint32_t kind) {
    kith_field f = kith_field();
    f.name = name;
    f.kind = kind;
    f.doc = doc;
    return f;
}

kith_action action(const char *name, kith_action_fn fn, const kith_field *result) {
    kith_action a = kith_action();
    a.name = name;
    a.doc = "Does it.";
    a.effect = KITH_EFFECT_READ;
    a.fn = fn;
    kith_array results = {result, sizeof *result, 1};
    a.results = results;
    return a;
}

struct description {
    kith_field name, names_result, left_result;
    kith_type type;
    kith_hook hook;
    kith_action actions[2];
    kith_plugin_desc desc;

    description()
        : name(text_field("name", "Its name.", KITH_F_TEXT)),
          names_result(text_field("names", "All.", KITH_F_TEXT)),
          left_result(text_field("left", "What was not destroyed.", KITH_F_INTEGER)),
          type(kith_type()), hook(kith_hook()), desc(kith_plugin_desc()) {
        type.name = "ball";
        type.title = "name";
        type.doc = "A ball.";
        kith_array fields = {&name, sizeof name, 1};
        type.fields = fields;
        hook.name = "refuse";
        hook.type = "ball";
        hook.on = KITH_ON_CREATE;
        hook.when = KITH_BEFORE;
        hook.fn = KITH_GUARDED(refuse);
        hook.doc = "Refuses.";
        actions[0] = action("names", KITH_GUARDED(names), &names_result);
        actions[1] = action("left", KITH_GUARDED(left), &left_result);
        desc.struct_size = sizeof desc;
        desc.abi_major = KITH_ABI_MAJOR;
        desc.abi_minor = desc.min_host_minor = KITH_ABI_MINOR;
        desc.version = 1;
        desc.name = "throws";
        desc.version_text = "1.0";
        desc.title = "Throws";
        kith_array types = {&type, sizeof type, 1}, hooks = {&hook, sizeof hook, 1},
                   all = {actions, sizeof *actions, 2};
        desc.types = types;
        desc.hooks = hooks;
        desc.actions = all;
        desc.create = kith::create_instance;
        desc.destroy = kith::destroy_instance;
    }
};

} // namespace

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    static const description d;
    return &d.desc;
}
