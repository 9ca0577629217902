package sandbox

import "slices"

// hostSoftware is what of the host a project sees, read-only. Of /etc it is a
// chosen part: nothing that names the host's people, secrets or network.
var hostSoftware = []string{
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt",

	"/etc/LatexMk", "/etc/ImageMagick-6", "/etc/ImageMagick-7", "/etc/R", "/etc/alternatives",
	"/etc/bash.bashrc", "/etc/bash_completion.d", "/etc/ca-certificates", "/etc/ca-certificates.conf",
	"/etc/debian_version", "/etc/emacs", "/etc/fonts", "/etc/ghostscript", "/etc/gitconfig", "/etc/groff",
	"/etc/inputrc", "/etc/java-11-openjdk", "/etc/java-17-openjdk", "/etc/java-21-openjdk", "/etc/jupyter",
	"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/libpaper.d", "/etc/locale.alias",
	"/etc/localtime", "/etc/lsb-release", "/etc/magic", "/etc/magic.mime", "/etc/manpath.config",
	"/etc/mime.types", "/etc/nanorc", "/etc/os-release", "/etc/papersize", "/etc/perl", "/etc/profile",
	"/etc/profile.d", "/etc/protocols", "/etc/python3", "/etc/python3.11", "/etc/python3.12",
	"/etc/python3.13", "/etc/services", "/etc/sgml", "/etc/shells", "/etc/ssl/certs",
	"/etc/ssl/openssl.cnf", "/etc/terminfo", "/etc/texmf", "/etc/timezone", "/etc/vim", "/etc/wgetrc",
	"/etc/xdg", "/etc/xml",

	// What packages have generated and TeX and its neighbours need to start.
	"/var/cache/fontconfig", "/var/lib/ghostscript", "/var/lib/tex-common", "/var/lib/texmf",
}

func readOnly(more []string) []string { return append(slices.Clone(hostSoftware), more...) }
