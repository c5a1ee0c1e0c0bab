#include "common.h"

struct entry {
	__u64 hits;
	__u32 size;
	__u8 bytes[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct entry);
} entries SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

SEC("socket")
int null(struct __sk_buff *skb)
{
	__u32 key = 1;
	struct entry *e = bpf_map_lookup_elem(&entries, &key); //~ e: NULL or a pointer to a value of map `entries` (80 bytes)

	if (!e) //~ e: NULL or a pointer to a value of map `entries` (80 bytes)
		return bpf_get_prandom_u32();
	e->hits++; //~ e: a pointer to a value of map `entries` (80 bytes)
	return 1;
}

SEC("socket")
int array(struct __sk_buff *skb)
{
	__u32 key = 2, i;
	struct entry *e;

	e = bpf_map_lookup_elem(&entries, &key);
	if (!e)
		return 0;
	i = e->size; //~ i: any number
	if (i >= sizeof(e->bytes)) //~ i: any number
		return bpf_get_prandom_u32(); //~ i: at least 64
	e->bytes[i] = 1; //~ i: 0 to 63
	return 0;
}

SEC("socket")
int masked(struct __sk_buff *skb)
{
	__u32 key = 3;
	struct entry *e = bpf_map_lookup_elem(&entries, &key);

	if (e) {
		__u64 i = e->hits & 60;

		keep(i);
		e->bytes[i] = 0; //~ i: 0 to 60, a multiple of 4
	}
	return 0;
}

SEC("socket")
int reserve(struct __sk_buff *skb)
{
	struct entry *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0); //~ e: NULL or a pointer to 80 bytes of memory, to be submitted or discarded

	if (!e)
		return 0;
	e->size = skb->len; //~ e: a pointer to 80 bytes of memory, to be submitted or discarded
	bpf_ringbuf_submit(e, 0);
	return 0;
}
