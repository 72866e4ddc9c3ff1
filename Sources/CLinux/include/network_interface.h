#pragma once

// Each returns 0, or -1 with errno. Source: netdevice(7), setns(2).

int berth_setns_network(int namespace_descriptor);
int berth_link_set_up(const char *name);
int berth_link_set_address(const char *name, const char *address, const char *netmask);
/// Sets the hardware address to what it is: a bridge whose address was ever set no longer takes over that of a port.
int berth_link_pin_hardware_address(const char *name);
int berth_bridge_add(const char *name);
/// Sets the bridge down first: one that is up cannot be deleted.
int berth_bridge_delete(const char *name);
