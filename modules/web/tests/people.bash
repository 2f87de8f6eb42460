# SPDX-License-Identifier: Apache-2.0
# What tests of people at the web module share: they sign in, and ask in their sessions.
. "$(dirname "${BASH_SOURCE[0]}")/web.bash"
json='Content-Type: application/json'

new_person() { # LOGIN PASSWORD [OPTION ...]
    "$KITH" user add "$1" "${@:3}" >/dev/null
    echo "$2" | "$KITH" user password "$1" >/dev/null || exit 1
}
take_session() { # what the answer gave
    cookie=$(header Set-Cookie)
    cookie=${cookie%%;*}
    csrf=$(json_text csrf <"$work/out")
}
sign_in() { # LOGIN PASSWORD [CODE [HEADER ...]]
    token=
    api POST session "{\"login\":\"$1\",\"password\":\"$2\"${3:+,\"code\":\"$3\"}}" "$json" "${@:4}"
    take_session
}
in_session() { # METHOD PATH [BODY [HEADER ...]]
    token=
    api "$1" "$2" "${3-}" "Cookie: $cookie" "Kith-CSRF: $csrf" "$json" "${@:4}"
}
