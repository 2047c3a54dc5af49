"""Cases (咨询、投诉): asked of many posts at once, one owner; the themes that many of them have."""
