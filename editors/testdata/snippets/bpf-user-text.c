SEC("uprobe")
int BPF_KPROBE(program, const char *pointer)
{
	SNIPPET
	return name[0] != 0;
}
