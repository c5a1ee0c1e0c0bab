SEC("tc")
int program(struct __sk_buff *skb)
{
	SNIPPET
	return bytes[15] ? 0 : 2;
}
