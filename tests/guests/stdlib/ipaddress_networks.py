import ipaddress as ip

a = ip.ip_address("192.168.10.77")
print(a.version, int(a), a.is_private, a.is_loopback, a + 3, a.reverse_pointer, a.packed)
n = ip.ip_network("192.168.10.0/26")
print(n.netmask, n.hostmask, n.broadcast_address, n.num_addresses, a in n, len(list(n.hosts())), n.prefixlen)
print([str(s) for s in n.subnets(prefixlen_diff=2)], n.supernet(), n.overlaps(ip.ip_network("192.168.10.32/27")))
print([str(x) for x in ip.summarize_address_range(ip.ip_address("10.0.0.1"), ip.ip_address("10.0.0.6"))])
print([str(x) for x in ip.collapse_addresses(map(ip.ip_network, ["10.0.0.0/25", "10.0.0.128/25", "10.0.2.0/24"]))])
print([str(x) for x in n.address_exclude(ip.ip_network("192.168.10.16/28"))])
six = ip.ip_address("2001:db8:0:0:0:0:0:1")
print(six, six.exploded, six.is_global, ip.ip_address("::ffff:1.2.3.4").ipv4_mapped, ip.ip_address("ff02::1").is_multicast)
i = ip.ip_interface("10.1.2.3/8")
print(i.network, i.ip, i.with_netmask, ip.ip_network("fe80::/10").is_link_local)
for bad in (lambda: ip.ip_address("256.1.1.1"), lambda: ip.ip_network("10.0.0.1/8"), lambda: ip.IPv6Address("1::2::3")):
    try:
        bad()
    except ValueError as e:
        print(type(e).__name__)
print(sorted(map(ip.ip_address, ["10.0.0.10", "10.0.0.9", "9.255.0.1"]))[0], ip.ip_network("10.0.0.1/8", strict=False))
