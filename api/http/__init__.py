"""HTTP, said once for every noun: bodies, errors, who asks, keys, lists, bounds, the contract."""
