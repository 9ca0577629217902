# Lets Lyceum isolate projects when an ordinary user runs it. To load it:
#   lyceum apparmor | sudo tee /etc/apparmor.d/lyceum
#   sudo apparmor_parser --replace /etc/apparmor.d/lyceum
abi <abi/4.0>,
include <tunables/global>

profile lyceum EXECUTABLE flags=(unconfined) {
  userns,

  include if exists <local/lyceum>
}
