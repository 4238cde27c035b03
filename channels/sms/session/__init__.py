"""One engine for the operators' binary protocols. See README.md of channels/sms.

`dialect.py` is what a protocol must say of itself; `machine.py` the pure state of one connection;
`connection.py` its socket; `link.py` one connection kept up; `pool.py` an account's links together.
"""
