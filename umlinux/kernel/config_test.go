package kernel

import (
	"slices"
	"testing"
)

func TestFragmentMerge(t *testing.T) {
	f := &fragment{}
	for _, text := range []fragmentText{
		{"base", "# a comment\nCONFIG_NET=y\nCONFIG_NETKIT=y\nCONFIG_LSM=\"bpf\"\n\nCONFIG_MODULES=y\nCONFIG_LOG=17\n"},
		{"6.1", "# CONFIG_NETKIT is absent\n# CONFIG_MODULES is not set\n"},
		{"mine", "CONFIG_LOG=20\nCONFIG_MORE=y"},
	} {
		if err := f.add(text.file, text.text); err != nil {
			t.Fatal(err)
		}
	}
	want := "CONFIG_NET=y\nCONFIG_LSM=\"bpf\"\n# CONFIG_MODULES is not set\nCONFIG_LOG=20\nCONFIG_MORE=y\n"
	if got := f.text(); got != want {
		t.Errorf("merged:\n%s\nwant:\n%s", got, want)
	}
}

func TestFragmentMistake(t *testing.T) {
	for _, line := range []string{"CONFIG NET=y", "NET=y", "CONFIG_NET", "CONFIG_A-B=y"} {
		f := &fragment{}
		wantError(t, f.add("mine", "CONFIG_A=y\n"+line+"\n"), "mine:2", line)
	}
}

func TestUnmet(t *testing.T) {
	f := &fragment{}
	err := f.add("base", "CONFIG_ON=y\nCONFIG_OFF=y\nCONFIG_UNKNOWN=y\nCONFIG_LSM=\"bpf\"\n# CONFIG_MODULES is not set\n# CONFIG_NEVER is not set\nCONFIG_OLD=y\n# CONFIG_OLD is absent\n")
	if err != nil {
		t.Fatal(err)
	}
	unmet := f.unmet("CONFIG_ON=y\n# CONFIG_OFF is not set\nCONFIG_LSM=\"\"\nCONFIG_MODULES=y\n")
	tree := t.TempDir()
	write(t, tree+"/net/Kconfig.more", "menuconfig OTHER\nconfig OFF\n\tdepends on OTHER\n")
	locate(tree, unmet)
	want := []UnmetOption{
		{Name: "CONFIG_OFF", Want: "y", Got: "n", Where: "base:2", Declared: "net/Kconfig.more:2"},
		{Name: "CONFIG_UNKNOWN", Want: "y", Got: "n", Where: "base:3"},
		{Name: "CONFIG_LSM", Want: `"bpf"`, Got: `""`, Where: "base:4"},
		{Name: "CONFIG_MODULES", Want: "n", Got: "y", Where: "base:5"},
	}
	if !slices.Equal(unmet, want) {
		t.Errorf("unmet %+v\nwant  %+v", unmet, want)
	}
	wantError(t, &ConfigError{unmet}, "CONFIG_OFF=y (base:2): it is n, see what it depends on in net/Kconfig.more:2",
		"CONFIG_UNKNOWN=y (base:3): this kernel has no such option", "CONFIG_MODULES=n")
}
