#!/bin/bash
# Opens files and folders of the project in the page of who typed here last.
#
# LYCEUM_OPEN is the port of the agent on this sandbox's own loopback, the
# terminal, and a token that only programs in this terminal know: what is merely
# printed can open nothing.

complain() {
  printf 'open: %s\n' "$1" >&2
  exit "${2:-1}"
}

[[ ${1-} == -- ]] && shift
if (($# == 0)) || [[ $1 == -h || $1 == --help ]]; then
  complain 'Name what to open: open FILE, open FILE:LINE or open FOLDER, also several.' 2
fi
[[ ${LYCEUM_OPEN-} == *:*:* ]] || complain 'This shell is not in a terminal of a page.'
{ exec 9<>"/dev/tcp/127.0.0.1/${LYCEUM_OPEN%%:*}"; } 2>/dev/null ||
  complain 'The project does not answer. Open a new terminal and try again.'
printf '%s\0' "${LYCEUM_OPEN#*:}" "$PWD" "$#" "$@" >&9
IFS= read -r -t 10 status <&9 || complain 'The project does not answer. Please try again.'
while IFS= read -r -t 10 sentence <&9; do
  printf 'open: %s\n' "$sentence" >&2
done
[[ $status == ok ]]
