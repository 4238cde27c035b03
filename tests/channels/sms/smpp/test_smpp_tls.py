"""SMPP over TLS: to a gateway with a certificate we trust, and to no other."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backend.ports import Account, ChannelDependencies, Outbound, Retry, Sent
from channels.sms import create
from channels.sms.testing import FakeSmsc

HELLO = Outbound(1, "13800138000", "您好")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "smsc")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "smsc.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
async def smsc(certificate: Path) -> AsyncIterator[FakeSmsc]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    gateway = FakeSmsc(tls=tls)
    await gateway.start()
    yield gateway
    await gateway.stop()


@pytest.mark.parametrize("trusted", [True, False])
async def test_only_a_certificate_we_trust(
    smsc: FakeSmsc,
    deps: ChannelDependencies,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    trusted: bool,
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    channel = create(Account("county", "sms", smsc.options() | {"tls": True}), deps)
    await channel.start()
    result = await channel.send(HELLO)
    await channel.close()
    assert isinstance(result, Sent if trusted else Retry)
    assert len(smsc.submits) == int(trusted)
