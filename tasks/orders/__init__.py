"""Orders of services (业务订单), from intake to archive, and the inventory that they get."""
