package main

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// metaPackage depends on the newest kernel of this Debian. That for clouds is
// smaller and has no 9p, by which the machine sees the host's files.
const metaPackage = "linux-image-amd64"

// kernel is one that was unpacked; nothing of it is installed.
type kernel struct {
	image   string
	modules string // folder with modules.dep
}

// findKernel returns the kernel, from the cache or downloaded into it.
func findKernel(ctx context.Context, cache string) (kernel, error) {
	out, err := exec.CommandContext(ctx, "apt-cache", "depends", metaPackage).Output()
	if err != nil {
		return kernel{}, fmt.Errorf("ask apt for the kernel (apt-get update helps where it knows none): %w", err)
	}
	found := regexp.MustCompile(`Depends: (linux-image-\S+)`).FindStringSubmatch(string(out))
	if found == nil {
		return kernel{}, fmt.Errorf("apt knows no %s; apt-get update helps", metaPackage)
	}
	folder := filepath.Join(cache, found[1])
	k := kernel{
		image:   filepath.Join(folder, "boot", strings.Replace(found[1], "linux-image", "vmlinuz", 1)),
		modules: filepath.Join(folder, "lib/modules", strings.TrimPrefix(found[1], "linux-image-")),
	}
	if _, err := os.Stat(k.image); err == nil {
		return k, nil
	}
	return k, download(ctx, cache, found[1], folder)
}

// download unpacks a package beside its place and puts it there as a whole.
func download(ctx context.Context, cache, name, folder string) error {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(cache, "download-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	fmt.Println("vm: downloads", name)
	cmd := exec.CommandContext(ctx, "apt-get", "download", "-q", name)
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("download %s (apt-get update helps where it is too old): %w\n%s", name, err, out)
	}
	packages, err := filepath.Glob(filepath.Join(work, "*.deb"))
	if err != nil || len(packages) != 1 {
		return errors.Join(err, fmt.Errorf("%d packages were downloaded", len(packages)))
	}
	root := filepath.Join(work, "root")
	if err := command(ctx, "dpkg-deb", "-x", packages[0], root); err != nil {
		return err
	}
	return os.Rename(root, folder)
}

// wantedModules are what the machine needs beside what is built in.
var wantedModules = []string{
	"virtio_pci", "virtio_blk", "virtio_rng", "9pnet_virtio", "9p", "overlay", "crc32c_generic", "ext4", "xfs", "quota_v2", "tun", "veth",
}

// moduleFiles returns the files of wantedModules and of what they need, in the
// order in which the kernel takes them.
func (k kernel) moduleFiles() (files []string, err error) {
	byName := make(map[string]string)
	err = filepath.WalkDir(filepath.Join(k.modules, "kernel"), func(path string, _ fs.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(filepath.Base(path), ".ko"); ok {
			byName[strings.ReplaceAll(name, "-", "_")] = path
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var add func(name string) error
	add = func(name string) error {
		file, ok := byName[strings.ReplaceAll(name, "-", "_")]
		if !ok {
			return fmt.Errorf("this kernel has no module %s", name)
		}
		if slices.Contains(files, file) {
			return nil
		}
		needs, err := needsOf(file)
		if err != nil {
			return err
		}
		for _, need := range needs {
			if err := add(need); err != nil {
				return err
			}
		}
		files = append(files, file)
		return nil
	}
	for _, name := range wantedModules {
		if err := add(name); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// needsOf reads which modules one needs. What depmod writes of it exists only
// after a package was installed.
func needsOf(file string) ([]string, error) {
	module, err := elf.Open(file)
	if err != nil {
		return nil, err
	}
	defer module.Close()
	section := module.Section(".modinfo")
	if section == nil {
		return nil, fmt.Errorf("%s says nothing about itself", file)
	}
	data, err := section.Data()
	if err != nil {
		return nil, err
	}
	for field := range strings.SplitSeq(string(data), "\x00") {
		if list, ok := strings.CutPrefix(field, "depends="); ok && list != "" {
			return strings.Split(list, ","), nil
		}
	}
	return nil, nil
}
