"""The compatibility matrices that ship with stackaudit."""
