"""Who asks, as the rules know it."""

EVERYWHERE = -1  # staff_of of an admin


class Actor:
    """An account with its role; provider_id is that of the calendar it keeps, or 0.

    What Redis has of a token is one as it is: a request makes nothing of it anew.
    """

    __slots__ = ()

    account_id: int
    username: str
    role: str
    provider_id: int

    @property
    def staff_of(self) -> int:
        """The provider whose calendar this account keeps, or EVERYWHERE, or 0 for none."""
        return EVERYWHERE if self.role == "admin" else self.provider_id

    def keeps(self, provider_id: int) -> bool:
        """Whether this account is staff of the provider."""
        return self.staff_of in (EVERYWHERE, provider_id)
