"""What has happened in the community: everything that a page can show, once."""

import io
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from PIL import Image, ImageDraw
from sqlalchemy import func, select, update

from microblog import secret_tokens, suspensions
from microblog.account.leaving import leave
from microblog.database import db
from microblog.exports.making import KIND
from microblog.inbox import Conversation
from microblog.jobs import queue, worker
from microblog.mail.outbox import LIFETIMES, Purpose
from microblog.models import Letter, Post, User
from microblog.oversight import Case
from microblog.roles import Role
from microblog.seeding.filling import PASSWORD, fill
from microblog.seeding.size import Size
from microblog.times import now
from tests.e2e.person import Person

LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
DEPTH = 8


@dataclass(frozen=True)
class Cast:
    """Who is there; the newcomer has done nothing yet, the leaver is gone."""

    member: Person
    admin: Person
    followed: Person
    other: Person
    blocked: Person
    muted: Person
    suspended: Person
    leaver: Person
    newcomer: Person


class Story:
    """Told from beginning to end; the numbers are of what there is to look at."""

    def __init__(self, app: Flask, address: str) -> None:
        self.app = app
        self.cast = self._settle(address)
        self.posts = self._write()
        self.conversations = self._talk()
        self.cases = self._judge()
        self.tokens = self._leave_links()

    def _settle(self, address: str) -> Cast:
        with self.app.app_context():
            size = Size(people=24, follows=9, posts=120, seed=1, end=now() - timedelta(hours=1))
            fill(size, lambda _made: None)
            by_posts = select(User.username).order_by(User.post_count.desc(), User.id)
            names = db.session.scalars(by_posts).all()
            known = db.session.scalars(select(User.password_hash)).first()
            newcomer = {"username": "newcomer", "username_key": "newcomer", "email": "newcomer@example.org"}
            db.session.add(User(**newcomer, password_hash=known))
            db.session.execute(update(User).where(User.username == names[1]).values(role=int(Role.ADMIN)))
            db.session.commit()
        cast = Cast(*(Person(address, name) for name in (*names[:8], "newcomer")))
        elsewhere = Person(address, cast.member.name)
        elsewhere.session.headers["User-Agent"] = FIREFOX
        for person in (*vars(cast).values(), elsewhere):
            assert person.log_in(PASSWORD).url == f"{address}/", person.name
        return cast

    def _write(self) -> dict[str, int]:
        """Posts with a picture, a long thread with a gap, what hardly fits; likes, reposts, follows."""
        member, followed, other = self.cast.member, self.cast.followed, self.cast.other
        member.send("/profile/edit", display_name="Pablo Vega", about=f"Maps, trains, tea. {LONG_WORD}")
        followed.send(
            "/posts", body=f"Somebody left a cello on platform 3. @{member.name}, is it yours? #trains"
        )
        chain = [self._newest(Post)]
        for depth in range(DEPTH):
            writer = (member, other, followed)[depth % 3]
            writer.send(f"/posts/{chain[-1]}/replies", body=f"Answer {depth + 1}: no, I play the drums.")
            chain.append(self._newest(Post))
            followed.send(f"/posts/{chain[0]}/replies", body=f"Still there at {depth + 6} o'clock.")
        member.send(f"/posts/{chain[4]}/delete")
        member.send("/posts", body=f"@{followed.name} {LONG_WORD} #trains {'so long ' * 12}")
        member.send("/posts", body="صباح الخير من البرج #morning")
        view = "The view from the tower, after an hour of stairs. #morning"
        member.send("/posts", picture=landscape(), alt="The sun sets behind three hills", body=view)
        picture = self._newest(Post)
        for person in (followed, other):
            for act in (
                f"/posts/{picture}/like",
                f"/posts/{picture}/repost",
                f"/people/{member.name}/follow",
            ):
                person.send(act)
        for act in (
            f"/people/{followed.name}/follow",
            f"/posts/{chain[0]}/like",
            f"/posts/{chain[0]}/repost",
        ):
            member.send(act)
        member.send(f"/people/{self.cast.blocked.name}/block")
        member.send(f"/people/{self.cast.muted.name}/mute")
        return {"picture": picture, "thread": chain[0], "answer": chain[-1], "gone": chain[4]}

    def _talk(self) -> dict[str, int]:
        """A conversation over more than a page, one with somebody who left, and one that waits."""
        member, followed, leaver = self.cast.member, self.cast.followed, self.cast.leaver
        for number in range(DEPTH):
            followed.send(f"/people/{member.name}/message", body=f"It is {number + 6} o'clock. {LONG_WORD}")
            member.send(f"/people/{followed.name}/message", body="And the cello?")
        followed.send(f"/people/{member.name}/message", body="It still stands there, on platform 3.")
        long = self._newest(Conversation)
        leaver.send(f"/people/{member.name}/message", body="Goodbye!")
        member.send(f"/people/{leaver.name}/message", body="Come back soon!")
        left = self._newest(Conversation)
        member.send(f"/people/{self.cast.other.name}/unfollow")
        self.cast.other.send(f"/people/{member.name}/message", body="Would you like to buy a cello?")
        return {"long": long, "left": left, "request": self._newest(Conversation)}

    def _judge(self) -> dict[str, int]:
        """A case that waits, a post that was removed, a person kept out, and what they answered."""
        cases: dict[str, int] = {}
        suspended, member, admin = self.cast.suspended, self.cast.member, self.cast.admin
        self.cast.other.send(f"/posts/{self.posts['picture']}/report", reason="other", words="Is it yours?")
        cases["open"] = self._newest(Case)
        member.send("/posts", body="Buy a cello, buy two!")
        self.posts["removed"] = self._newest(Post)
        self.cast.followed.send(f"/posts/{self.posts['removed']}/report", reason="spam", words="Again.")
        cases["removed"] = self._newest(Case)
        admin.send(f"/moderation/cases/{cases['removed']}", decision="removed", reason="This is advertising.")
        self.cast.followed.send(
            f"/people/{suspended.name}/report", reason="pretends", words="He is not Bach."
        )
        cases["suspended"] = self._newest(Case)
        decision = {"decision": "suspended", "duration": "30", "reason": "Bach never wrote this."}
        admin.send(f"/moderation/cases/{cases['suspended']}", **decision)
        self.cast.followed.send(f"/people/{self.cast.muted.name}/report", reason="spam", words="Perhaps.")
        dismissed = self._newest(Case)
        admin.send(f"/moderation/cases/{dismissed}", decision="dismissed", reason="A joke.")
        return cases

    def _leave_links(self) -> dict[str, str]:
        """What stands in letters, on the page of the suspended, and at the export of the leaver."""
        member = {"current": PASSWORD}
        self.cast.member.send("/account/tokens", name="A clock that reads posts aloud", days="30", **member)
        with self.app.test_request_context():
            queue.put(self._user(self.cast.leaver), KIND)
            worker.work_off()
            kept = leave(self._user(self.cast.leaver), keep_export=True) or ""
            ticket = suspensions.ticket(self._user(self.cast.suspended))
            letters = {
                purpose.value: self._link(purpose)
                for purpose in (Purpose.JOIN, Purpose.RESET, Purpose.ADDRESS)
            }
            db.session.commit()
        return {"kept": kept, "ticket": ticket, **letters}

    def _link(self, purpose: Purpose) -> str:
        token, member = secret_tokens.new(), self._user(self.cast.member)
        letter = Letter(
            purpose=purpose,
            email="joining@example.org" if purpose == Purpose.JOIN else member.email,
            user_id=None if purpose == Purpose.JOIN else member.id,
            username="joining" if purpose == Purpose.JOIN else "",
            language="en",
            token_hash=secret_tokens.hashed(token),
            due_at=None,
            expires_at=now() + LIFETIMES[purpose],
        )
        db.session.add(letter)
        return token

    def _user(self, person: Person) -> User:
        return db.session.scalars(select(User).where(User.username == person.name)).one()

    def _newest(self, table: type[Case | Conversation | Post]) -> int:
        with self.app.app_context():
            return int(db.session.scalar(select(func.max(table.id))) or 0)


def landscape() -> bytes:
    """The picture of a sunset, as a PNG."""
    image = Image.new("RGB", (1200, 675))
    draw = ImageDraw.Draw(image)
    for row in range(675):
        draw.line([(0, row), (1200, row)], fill=(70 + row // 4, 60 + row // 6, 130 - row // 9))
    draw.ellipse([820, 250, 980, 410], fill=(255, 205, 130))
    for left, height, shade in ((-300, 320, 62), (350, 380, 44), (-100, 210, 28)):
        hill = [(left, 675), (left + 450, 675 - height), (left + 1100, 675)]
        draw.polygon(hill, fill=(shade, shade, shade + 30))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
