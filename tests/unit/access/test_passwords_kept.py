"""However often a process that hashes dies, the next one takes its place and nothing is kept."""

import pytest

from service.access.passwords import Passwords
from service.errors import Unavailable
from service.settings import Settings


async def test_of_processes_that_have_died_none_is_kept() -> None:
    passwords = Passwords(Settings(bcrypt_rounds=4, bcrypt_processes=1))
    try:
        for _ in range(3):
            await passwords.hash("x")
            (hasher,) = passwords._hashers
            process = hasher._process
            assert process
            process.kill()
            await process.wait()
            with pytest.raises(Unavailable):
                await passwords.hash("x")
            assert hasher._process is None
            assert passwords._idle == [hasher]
    finally:
        await passwords.close()
