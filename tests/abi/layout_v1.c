/* SPDX-License-Identifier: Apache-2.0 */
/* The binary layout of ABI 1, on 64-bit machines: every size, offset, constant and table name. Not
 * frozen yet: until the first release it follows the headers. From then on this file is never
 * edited; what is added later is checked in a file of its own. Most of it is checked by compiling
 * it. */
#include "test.h"
#include <kith/plugin.h>
#include <kith/serve.h>

#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " has another size")
#define AT(type, member, from)                                                                     \
    _Static_assert(offsetof(type, member) == (from), #type "." #member " moved")
#define IS(constant, value) _Static_assert((constant) == (value), #constant " has another value")

SIZE(kith_error, 512);
AT(kith_error, struct_size, 0);
AT(kith_error, code, 4);
AT(kith_error, field, 8);
AT(kith_error, message, 64);

SIZE(kith_str, 16);
AT(kith_str, ptr, 0);
AT(kith_str, len, 8);

SIZE(kith_array, 16);
AT(kith_array, items, 0);
AT(kith_array, stride, 8);
AT(kith_array, count, 12);

SIZE(kith_value, 24);
AT(kith_value, kind, 0);
AT(kith_value, flags, 4);
AT(kith_value, as, 8);

SIZE(kith_field, 88);
AT(kith_field, name, 0);
AT(kith_field, kind, 8);
AT(kith_field, flags, 12);
AT(kith_field, options, 16);
AT(kith_field, default_text, 24);
AT(kith_field, label, 32);
AT(kith_field, doc, 40);
AT(kith_field, since, 48);
AT(kith_field, reserved, 52);
AT(kith_field, rollup, 56);
AT(kith_field, min, 64);
AT(kith_field, max, 72);
AT(kith_field, measure, 80);
AT(kith_field, reserved2, 84);

SIZE(kith_type, 80);
AT(kith_type, name, 0);
AT(kith_type, label, 8);
AT(kith_type, doc, 16);
AT(kith_type, title, 24);
AT(kith_type, history, 32);
AT(kith_type, undo, 36);
AT(kith_type, fields, 40);
AT(kith_type, indexes, 56);
AT(kith_type, extends, 72);
AT(kith_type, reserved, 76);

SIZE(kith_setting, 80);
AT(kith_setting, key, 0);
AT(kith_setting, kind, 8);
AT(kith_setting, flags, 12);
AT(kith_setting, default_text, 16);
AT(kith_setting, min, 24);
AT(kith_setting, max, 32);
AT(kith_setting, choices, 40);
AT(kith_setting, doc, 48);
AT(kith_setting, items, 56);
AT(kith_setting, condition, 72);

SIZE(kith_topic, 40);
AT(kith_topic, name, 0);
AT(kith_topic, schema, 8);
AT(kith_topic, reserved, 12);
AT(kith_topic, fields, 16);
AT(kith_topic, doc, 32);

SIZE(kith_require, 16);
AT(kith_require, module, 0);
AT(kith_require, min_version, 8);
AT(kith_require, flags, 12);

SIZE(kith_permission, 16);
AT(kith_permission, name, 0);
AT(kith_permission, why, 8);

SIZE(kith_migration, 32);
AT(kith_migration, version, 0);
AT(kith_migration, kind, 4);
AT(kith_migration, type, 8);
AT(kith_migration, field, 16);
AT(kith_migration, to, 24);

SIZE(kith_host, 80);
AT(kith_host, struct_size, 0);
AT(kith_host, abi_major, 4);
AT(kith_host, abi_minor, 6);
AT(kith_host, product, 8);
AT(kith_host, version, 16);
AT(kith_host, table, 24);
AT(kith_host, log, 32);
AT(kith_host, now, 40);
AT(kith_host, memory, 48);
AT(kith_host, today, 56);
AT(kith_host, enabled, 64);
AT(kith_host, day, 72);

SIZE(kith_change, 48);
AT(kith_change, struct_size, 0);
AT(kith_change, kind, 4);
AT(kith_change, type, 8);
AT(kith_change, origin, 12);
AT(kith_change, id, 16);
AT(kith_change, before, 24);
AT(kith_change, after, 32);
AT(kith_change, owned, 40);
AT(kith_change, reserved, 44);

SIZE(kith_records_v1, 152);
AT(kith_records_v1, struct_size, 0);
AT(kith_records_v1, reserved, 4);
AT(kith_records_v1, type, 8);
AT(kith_records_v1, field, 16);
AT(kith_records_v1, predicate, 24);
AT(kith_records_v1, query, 32);
AT(kith_records_v1, get, 40);
AT(kith_records_v1, find, 48);
AT(kith_records_v1, row_id, 56);
AT(kith_records_v1, row_type, 64);
AT(kith_records_v1, read, 72);
AT(kith_records_v1, match, 80);
AT(kith_records_v1, create, 88);
AT(kith_records_v1, update, 96);
AT(kith_records_v1, remove, 104);
AT(kith_records_v1, changed, 112);
AT(kith_records_v1, affects, 120);
AT(kith_records_v1, set, 128);
AT(kith_records_v1, groups, 136);
AT(kith_records_v1, acting, 144);

SIZE(kith_event, 80);
AT(kith_event, struct_size, 0);
AT(kith_event, kind, 4);
AT(kith_event, seq, 8);
AT(kith_event, at, 16);
AT(kith_event, topic, 24);
AT(kith_event, id, 40);
AT(kith_event, type, 48);
AT(kith_event, origin, 52);
AT(kith_event, record, 56);
AT(kith_event, attempt, 64);
AT(kith_event, schema, 68);
AT(kith_event, replay, 72);

SIZE(kith_events_v1, 40);
AT(kith_events_v1, struct_size, 0);
AT(kith_events_v1, reserved, 4);
AT(kith_events_v1, topic, 8);
AT(kith_events_v1, publish, 16);
AT(kith_events_v1, change, 24);
AT(kith_events_v1, payload, 32);

SIZE(kith_firing, 48);
AT(kith_firing, struct_size, 0);
AT(kith_firing, type, 4);
AT(kith_firing, timer, 8);
AT(kith_firing, due, 16);
AT(kith_firing, id, 24);
AT(kith_firing, payload, 32);

SIZE(kith_timers_v1, 32);
AT(kith_timers_v1, struct_size, 0);
AT(kith_timers_v1, reserved, 4);
AT(kith_timers_v1, timer, 8);
AT(kith_timers_v1, at, 16);
AT(kith_timers_v1, cancel, 24);

SIZE(kith_calls_v1, 80);
AT(kith_calls_v1, struct_size, 0);
AT(kith_calls_v1, reserved, 4);
AT(kith_calls_v1, txn, 8);
AT(kith_calls_v1, view, 16);
AT(kith_calls_v1, arg, 24);
AT(kith_calls_v1, result, 32);
AT(kith_calls_v1, row, 40);
AT(kith_calls_v1, action, 48);
AT(kith_calls_v1, call, 56);
AT(kith_calls_v1, file, 64);
AT(kith_calls_v1, whole, 72);

SIZE(kith_settings_v1, 24);
AT(kith_settings_v1, struct_size, 0);
AT(kith_settings_v1, reserved, 4);
AT(kith_settings_v1, get, 8);
AT(kith_settings_v1, where, 16);

SIZE(kith_hook, 72);
AT(kith_hook, name, 0);
AT(kith_hook, type, 8);
AT(kith_hook, on, 16);
AT(kith_hook, when, 20);
AT(kith_hook, priority, 24);
AT(kith_hook, except, 28);
AT(kith_hook, fn, 32);
AT(kith_hook, where, 40);
AT(kith_hook, fields, 48);
AT(kith_hook, doc, 64);

SIZE(kith_reaction, 64);
AT(kith_reaction, name, 0);
AT(kith_reaction, topic, 8);
AT(kith_reaction, flags, 16);
AT(kith_reaction, reserved, 20);
AT(kith_reaction, fn, 24);
AT(kith_reaction, where, 32);
AT(kith_reaction, fields, 40);
AT(kith_reaction, doc, 56);

SIZE(kith_timer, 32);
AT(kith_timer, name, 0);
AT(kith_timer, cron, 8);
AT(kith_timer, fn, 16);
AT(kith_timer, doc, 24);

SIZE(kith_action, 88);
AT(kith_action, name, 0);
AT(kith_action, doc, 8);
AT(kith_action, effect, 16);
AT(kith_action, flags, 20);
AT(kith_action, fn, 24);
AT(kith_action, params, 32);
AT(kith_action, results, 48);
AT(kith_action, columns, 64);
AT(kith_action, file, 80);

SIZE(kith_plugin_desc, 344);
AT(kith_plugin_desc, struct_size, 0);
AT(kith_plugin_desc, abi_major, 4);
AT(kith_plugin_desc, abi_minor, 6);
AT(kith_plugin_desc, min_host_minor, 8);
AT(kith_plugin_desc, reserved, 10);
AT(kith_plugin_desc, version, 12);
AT(kith_plugin_desc, name, 16);
AT(kith_plugin_desc, version_text, 24);
AT(kith_plugin_desc, title, 32);
AT(kith_plugin_desc, doc, 40);
AT(kith_plugin_desc, vendor, 48);
AT(kith_plugin_desc, license, 56);
AT(kith_plugin_desc, requirements, 64);
AT(kith_plugin_desc, permissions, 80);
AT(kith_plugin_desc, settings, 96);
AT(kith_plugin_desc, types, 112);
AT(kith_plugin_desc, migrations, 128);
AT(kith_plugin_desc, topics, 144);
AT(kith_plugin_desc, hooks, 160);
AT(kith_plugin_desc, reactions, 176);
AT(kith_plugin_desc, timers, 192);
AT(kith_plugin_desc, actions, 208);
AT(kith_plugin_desc, create, 224);
AT(kith_plugin_desc, start, 232);
AT(kith_plugin_desc, stop, 240);
AT(kith_plugin_desc, destroy, 248);
AT(kith_plugin_desc, deliveries, 256);
AT(kith_plugin_desc, serve, 272);
AT(kith_plugin_desc, cease, 280);
AT(kith_plugin_desc, reports, 288);
AT(kith_plugin_desc, parts, 304);
AT(kith_plugin_desc, instance_size, 320);
AT(kith_plugin_desc, wants, 328);

SIZE(kith_part, 200);
AT(kith_part, struct_size, 0);
AT(kith_part, reserved, 4);
AT(kith_part, permissions, 8);
AT(kith_part, settings, 24);
AT(kith_part, types, 40);
AT(kith_part, topics, 56);
AT(kith_part, hooks, 72);
AT(kith_part, reactions, 88);
AT(kith_part, timers, 104);
AT(kith_part, actions, 120);
AT(kith_part, deliveries, 136);
AT(kith_part, reports, 152);
AT(kith_part, module, 168);
AT(kith_part, wants, 176);
AT(kith_part, begin, 192);

SIZE(kith_want, 16);
AT(kith_want, name, 0);
AT(kith_want, what, 8);
AT(kith_want, at, 12);

SIZE(kith_numbers_v1, 48);
AT(kith_numbers_v1, struct_size, 0);
AT(kith_numbers_v1, reserved, 4);
AT(kith_numbers_v1, digits, 8);
AT(kith_numbers_v1, multiply, 16);
AT(kith_numbers_v1, add, 24);
AT(kith_numbers_v1, split, 32);
AT(kith_numbers_v1, text, 40);

SIZE(kith_report, 32);
AT(kith_report, name, 0);
AT(kith_report, doc, 8);
AT(kith_report, query, 16);
AT(kith_report, fields, 24);

SIZE(kith_calendar_v1, 16);
AT(kith_calendar_v1, struct_size, 0);
AT(kith_calendar_v1, reserved, 4);
AT(kith_calendar_v1, span, 8);

SIZE(kith_listening_v1, 40);
AT(kith_listening_v1, struct_size, 0);
AT(kith_listening_v1, reserved, 4);
AT(kith_listening_v1, check, 8);
AT(kith_listening_v1, listen, 16);
AT(kith_listening_v1, told, 24);
AT(kith_listening_v1, replay, 32);

SIZE(kith_effect, 72);
AT(kith_effect, struct_size, 0);
AT(kith_effect, delivery, 4);
AT(kith_effect, endpoint, 8);
AT(kith_effect, key, 24);
AT(kith_effect, payload, 40);
AT(kith_effect, id, 56);
AT(kith_effect, type, 64);
AT(kith_effect, reserved, 68);

SIZE(kith_sending, 88);
AT(kith_sending, struct_size, 0);
AT(kith_sending, attempt, 4);
AT(kith_sending, effect, 8);
AT(kith_sending, at, 16);
AT(kith_sending, endpoint, 24);
AT(kith_sending, key, 40);
AT(kith_sending, payload, 56);
AT(kith_sending, id, 72);
AT(kith_sending, type, 80);
AT(kith_sending, last, 84);

SIZE(kith_deliveries_v1, 64);
AT(kith_deliveries_v1, struct_size, 0);
AT(kith_deliveries_v1, reserved, 4);
AT(kith_deliveries_v1, delivery, 8);
AT(kith_deliveries_v1, send, 16);
AT(kith_deliveries_v1, hold, 24);
AT(kith_deliveries_v1, drop, 32);
AT(kith_deliveries_v1, later, 40);
AT(kith_deliveries_v1, answer, 48);
AT(kith_deliveries_v1, closing, 56);

SIZE(kith_entry, 64);
AT(kith_entry, struct_size, 0);
AT(kith_entry, zone, 4);
AT(kith_entry, token, 8);
AT(kith_entry, user, 24);
AT(kith_entry, surface, 32);
AT(kith_entry, asked, 48);

SIZE(kith_shown, 48);
AT(kith_shown, struct_size, 0);
AT(kith_shown, reserved, 4);
AT(kith_shown, json, 8);
AT(kith_shown, version, 24);
AT(kith_shown, id, 40);

SIZE(kith_write, 72);
AT(kith_write, struct_size, 0);
AT(kith_write, kind, 4);
AT(kith_write, type, 8);
AT(kith_write, id, 24);
AT(kith_write, fields, 40);
AT(kith_write, version, 56);

SIZE(kith_written, 48);
AT(kith_written, struct_size, 0);
AT(kith_written, status, 4);
AT(kith_written, failed, 8);
AT(kith_written, count, 12);
AT(kith_written, transaction, 16);
AT(kith_written, shown, 24);
AT(kith_written, error, 32);
AT(kith_written, repeated, 40);
AT(kith_written, reserved, 44);

SIZE(kith_stream, 56);
AT(kith_stream, struct_size, 0);
AT(kith_stream, reserved, 4);
AT(kith_stream, arg, 8);
AT(kith_stream, write, 16);
AT(kith_stream, read, 24);
AT(kith_stream, progress, 32);
AT(kith_stream, interrupted, 40);
AT(kith_stream, file, 48);

SIZE(kith_serving_v1, 64);
AT(kith_serving_v1, struct_size, 0);
AT(kith_serving_v1, reserved, 4);
AT(kith_serving_v1, enter, 8);
AT(kith_serving_v1, user, 16);
AT(kith_serving_v1, leave, 24);
AT(kith_serving_v1, record, 32);
AT(kith_serving_v1, write, 40);
AT(kith_serving_v1, run, 48);
AT(kith_serving_v1, rehearse, 56);

SIZE(kith_following, 32);
AT(kith_following, struct_size, 0);
AT(kith_following, topic_count, 4);
AT(kith_following, topics, 8);
AT(kith_following, where, 16);

SIZE(kith_told, 56);
AT(kith_told, struct_size, 0);
AT(kith_told, part, 4);
AT(kith_told, seq, 8);
AT(kith_told, more, 16);
AT(kith_told, reserved, 20);
AT(kith_told, topic, 24);
AT(kith_told, json, 40);

SIZE(kith_following_v1, 72);
AT(kith_following_v1, struct_size, 0);
AT(kith_following_v1, reserved, 4);
AT(kith_following_v1, follow, 8);
AT(kith_following_v1, unfollow, 16);
AT(kith_following_v1, still, 24);
AT(kith_following_v1, await, 32);
AT(kith_following_v1, nudge, 40);
AT(kith_following_v1, happened, 48);
AT(kith_following_v1, forget, 56);
AT(kith_following_v1, tell, 64);

SIZE(kith_proof, 72);
AT(kith_proof, struct_size, 0);
AT(kith_proof, zone, 4);
AT(kith_proof, login, 8);
AT(kith_proof, password, 24);
AT(kith_proof, code, 40);
AT(kith_proof, from, 56);

SIZE(kith_session, 240);
AT(kith_session, struct_size, 0);
AT(kith_session, needs, 4);
AT(kith_session, user, 8);
AT(kith_session, number, 16);
AT(kith_session, began, 24);
AT(kith_session, ends, 32);
AT(kith_session, wait_ms, 40);
AT(kith_session, text, 48);
AT(kith_session, csrf, 112);
AT(kith_session, method, 176);

SIZE(kith_proven, 152);
AT(kith_proven, struct_size, 0);
AT(kith_proven, zone, 4);
AT(kith_proven, issuer, 8);
AT(kith_proven, subject, 24);
AT(kith_proven, login, 40);
AT(kith_proven, name, 56);
AT(kith_proven, role, 72);
AT(kith_proven, method, 88);
AT(kith_proven, from, 104);
AT(kith_proven, roles, 120);
AT(kith_proven, managed, 136);

SIZE(kith_sign_in_v1, 104);
AT(kith_sign_in_v1, struct_size, 0);
AT(kith_sign_in_v1, reserved, 4);
AT(kith_sign_in_v1, sign_in, 8);
AT(kith_sign_in_v1, enter, 16);
AT(kith_sign_in_v1, end, 24);
AT(kith_sign_in_v1, describe, 32);
AT(kith_sign_in_v1, first, 40);
AT(kith_sign_in_v1, set_up, 48);
AT(kith_sign_in_v1, password, 56);
AT(kith_sign_in_v1, factor, 64);
AT(kith_sign_in_v1, confirm, 72);
AT(kith_sign_in_v1, unfactor, 80);
AT(kith_sign_in_v1, vouch, 88);
AT(kith_sign_in_v1, untie, 96);

SIZE(kith_link_wish, 88);
AT(kith_link_wish, struct_size, 0);
AT(kith_link_wish, uses, 4);
AT(kith_link_wish, action, 8);
AT(kith_link_wish, show, 24);
AT(kith_link_wish, ask, 40);
AT(kith_link_wish, names, 56);
AT(kith_link_wish, values, 64);
AT(kith_link_wish, count, 72);
AT(kith_link_wish, reserved, 76);
AT(kith_link_wish, expires, 80);

SIZE(kith_link_made, 40);
AT(kith_link_made, struct_size, 0);
AT(kith_link_made, reserved, 4);
AT(kith_link_made, number, 8);
AT(kith_link_made, expires, 16);
AT(kith_link_made, address, 24);

SIZE(kith_link_came, 32);
AT(kith_link_came, struct_size, 0);
AT(kith_link_came, reserved, 4);
AT(kith_link_came, number, 8);
AT(kith_link_came, from, 16);

SIZE(kith_link_page, 72);
AT(kith_link_page, struct_size, 0);
AT(kith_link_page, reserved, 4);
AT(kith_link_page, json, 8);
AT(kith_link_page, name, 24);
AT(kith_link_page, media_type, 40);
AT(kith_link_page, bytes, 56);

SIZE(kith_links_v1, 32);
AT(kith_links_v1, struct_size, 0);
AT(kith_links_v1, reserved, 4);
AT(kith_links_v1, grant, 8);
AT(kith_links_v1, came, 16);
AT(kith_links_v1, revoke, 24);

SIZE(kith_link_pages_v1, 24);
AT(kith_link_pages_v1, struct_size, 0);
AT(kith_link_pages_v1, reserved, 4);
AT(kith_link_pages_v1, look, 8);
AT(kith_link_pages_v1, use, 16);

SIZE(kith_operation_v1, 40);
AT(kith_operation_v1, struct_size, 0);
AT(kith_operation_v1, reserved, 4);
AT(kith_operation_v1, status, 8);
AT(kith_operation_v1, folder, 16);
AT(kith_operation_v1, socket, 24);
AT(kith_operation_v1, keep, 32);

SIZE(kith_delivery, 24);
AT(kith_delivery, name, 0);
AT(kith_delivery, fn, 8);
AT(kith_delivery, doc, 16);

IS(KITH_OK, 0);
IS(KITH_E_INVAL, -1);
IS(KITH_E_NOMEM, -2);
IS(KITH_E_NOTFOUND, -3);
IS(KITH_E_CONFLICT, -4);
IS(KITH_E_DENIED, -5);
IS(KITH_E_REFUSED, -6);
IS(KITH_E_RETRY, -7);
IS(KITH_E_UNSUPPORTED, -8);
IS(KITH_E_THREAD, -9);
IS(KITH_E_IO, -10);
IS(KITH_E_FULL, -11);
IS(KITH_E_BUSY, -12);
IS(KITH_E_CORRUPT, -13);
IS(KITH_E_LIMIT, -14);
IS(KITH_E_INTERNAL, -15);
IS(KITH_NULL, 0u);
IS(KITH_BOOL, 1u);
IS(KITH_INT, 2u);
IS(KITH_REAL, 3u);
IS(KITH_TEXT, 4u);
IS(KITH_DATE, 5u);
IS(KITH_TIME, 6u);
IS(KITH_DURATION, 7u);
IS(KITH_DECIMAL, 8u);
IS(KITH_MONEY, 9u);
IS(KITH_LINK, 10u);
IS(KITH_PLACE, 11u);
IS(KITH_LIST, 12u);
IS(KITH_F_TEXT, 1u);
IS(KITH_F_LONGTEXT, 2u);
IS(KITH_F_INTEGER, 3u);
IS(KITH_F_DECIMAL, 4u);
IS(KITH_F_MONEY, 5u);
IS(KITH_F_BOOLEAN, 6u);
IS(KITH_F_DATE, 7u);
IS(KITH_F_TIME, 8u);
IS(KITH_F_DURATION, 9u);
IS(KITH_F_CHOICE, 10u);
IS(KITH_F_STATE, 11u);
IS(KITH_F_LINK, 12u);
IS(KITH_F_LINKS, 13u);
IS(KITH_F_EMAIL, 14u);
IS(KITH_F_PHONE, 15u);
IS(KITH_F_URL, 16u);
IS(KITH_F_PLACE, 17u);
IS(KITH_F_JSON, 18u);
IS(KITH_F_TAGS, 19u);
IS(KITH_F_SERIES, 20u);
IS(KITH_FF_REQUIRED, 1u);
IS(KITH_FF_UNIQUE, 2u);
IS(KITH_FF_INDEXED, 4u);
IS(KITH_FF_SEARCHED, 8u);
IS(KITH_FF_PERSONAL, 16u);
IS(KITH_FF_READONLY, 32u);
IS(KITH_FF_PARTOF, 64u);
IS(KITH_FF_TREE, 128u);
IS(KITH_FF_SUBJECT, 512u);
IS(KITH_FF_ASSIGNEE, 1024u);
IS(KITH_HISTORY_FULL, 0u);
IS(KITH_HISTORY_NONE, 2u);
IS(KITH_UNDO_RESTORE, 0u);
IS(KITH_UNDO_REFUSE, 2u);
IS(KITH_SF_REQUIRED, 1u);
IS(KITH_SF_SECRET, 2u);
IS(KITH_SF_RELOAD, 4u);
IS(KITH_REQ_OPTIONAL, 1u);
IS(KITH_MIGRATE_RENAME_TYPE, 1u);
IS(KITH_MIGRATE_RENAME_FIELD, 2u);
IS(KITH_MIGRATE_RETIRE_FIELD, 3u);
IS(KITH_ON_CREATE, 1u);
IS(KITH_ON_UPDATE, 2u);
IS(KITH_ON_DELETE, 4u);
IS(KITH_ORIGIN_CLI, 1u);
IS(KITH_ORIGIN_API, 2u);
IS(KITH_ORIGIN_IMPORT, 3u);
IS(KITH_ORIGIN_REACTION, 4u);
IS(KITH_ORIGIN_TIMER, 5u);
IS(KITH_ORIGIN_ACTION, 6u);
IS(KITH_ORIGIN_UNDO, 7u);
IS(KITH_ORIGIN_SYSTEM, 8u);
IS(KITH_ORIGIN_RETENTION, 9u);
IS(KITH_ORIGIN_ERASE, 10u);
IS(KITH_ORIGIN_DELIVERY, 11u);
IS(KITH_ORIGIN_WORKFLOW, 12u);
IS(KITH_ORIGIN_MERGE, 13u);
IS(KITH_LOG_ERROR, 0u);
IS(KITH_LOG_WARN, 1u);
IS(KITH_LOG_INFO, 2u);
IS(KITH_LOG_DEBUG, 3u);
IS(KITH_ABI_MAJOR, 1u);
IS(KITH_BEFORE, 0u);
IS(KITH_AFTER, 1u);
IS(KITH_SETTLE, 2u);
IS(KITH_RF_UNDO, 1u);
IS(KITH_EFFECT_READ, 0u);
IS(KITH_EFFECT_WRITE, 1u);
IS(KITH_EFFECT_EXTERNAL, 2u);
IS(KITH_TO_STATE, 8u);
IS(KITH_ZONE_INTRANET, 0u);
IS(KITH_ZONE_EXTRANET, 1u);
IS(KITH_ZONE_INTERNET, 2u);
IS(KITH_NEEDS_CODE, 1u);
IS(KITH_NEEDS_FACTOR, 2u);

TEST("the tables of the host keep their names") {
    EXPECT_STR("kith.records/1", KITH_RECORDS_1);
    EXPECT_STR("kith.events/1", KITH_EVENTS_1);
    EXPECT_STR("kith.timers/1", KITH_TIMERS_1);
    EXPECT_STR("kith.calls/1", KITH_CALLS_1);
    EXPECT_STR("kith.settings/1", KITH_SETTINGS_1);
    EXPECT_STR("kith.listening/1", KITH_LISTENING_1);
    EXPECT_STR("kith.deliveries/1", KITH_DELIVERIES_1);
    EXPECT_STR("kith.serving/1", KITH_SERVING_1);
    EXPECT_STR("kith.following/1", KITH_FOLLOWING_1);
    EXPECT_STR("kith.sign_in/1", KITH_SIGN_IN_1);
    EXPECT_STR("kith.operation/1", KITH_OPERATION_1);
    EXPECT_STR("kith.numbers/1", KITH_NUMBERS_1);
    EXPECT_STR("kith.links/1", KITH_LINKS_1);
    EXPECT_STR("kith.link_pages/1", KITH_LINK_PAGES_1);
    EXPECT_STR("kith.calendar/1", KITH_CALENDAR_1);
}

TEST("the version of the contract is in the header") {
    EXPECT_INT(1, KITH_ABI_MAJOR);
    EXPECT_INT(0, KITH_ABI_MINOR);
}
