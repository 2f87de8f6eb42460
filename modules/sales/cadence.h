/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts about following up share: exposures, responses, appointments. */
#ifndef SALES_CADENCE_H
#define SALES_CADENCE_H

#include <kith/easy.h>
#include <kith/plugin.h>

/* clang-format off */
#define EXPOSURE(X)    X(lead) X(contact) X(cadence) X(step) X(channel) X(material) X(subject) X(state) X(at) X(viewed_at)
#define MATERIAL(X)    X(name)
#define CADENCE_LEAD(X) X(contact) X(cadence) X(cadence_at) X(owner)
#define VIEWING(X)     X(about) X(owner) X(contact) X(channel) X(direction) X(at) X(subject) X(planned) X(asked_for)
#define RESPONSE(X)    X(campaign) X(name) X(email) X(phone) X(company) X(contact) X(interest) X(source) \
                       X(channel) X(subject) X(asked_for) X(at) X(lead) X(known) X(owner)
#define APPOINTMENT(X) X(about) X(contact) X(channel) X(direction) X(at) X(duration) X(subject) X(planned) \
                       X(appointment) X(owner)
#define WORKER(X)      X(name) X(works) X(time_zone)
/* clang-format on */
#define ASKED_FOR                                                                                  \
    F("asked_for", CHOICE, .options = "price,demonstration,visit,information,contract,other",      \
      .doc = "What the customer asked for.")
KITH_RECORD(exposure, EXPOSURE);
KITH_RECORD(material, MATERIAL);
KITH_RECORD(cadence_lead, CADENCE_LEAD);
KITH_RECORD(viewing, VIEWING);
KITH_RECORD(response, RESPONSE);
KITH_RECORD(appointment, APPOINTMENT);
KITH_RECORD(worker, WORKER);

struct cadences {
    struct exposure_numbers exposure;
    struct material_numbers material;
    struct cadence_lead_numbers lead;
    struct viewing_numbers viewing;
    struct response_numbers response;
    struct appointment_numbers appointment;
    struct worker_numbers worker;
    const kith_calendar_v1 *calendar;
    struct {
        uint32_t exposures; /* of a lead, the newest first */
        uint32_t lead_of, lead_mail, lead_phone;
        uint32_t busy; /* appointments of a user in some time */
    } query;
    uint32_t responded;                             /* topic */
    kith_value limit, period, length, step, notice; /* settings */
};

extern const kith_part cadence_part, response_part, appointment_part;

#endif
