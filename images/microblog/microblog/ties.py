"""What ties posts and people together: likes, reposts, mentions, hashtags, and who does not see whom."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from .models import STORAGE, Base, Number, UtcDateTime, exact
from .times import now

TAG_LENGTH = 64


class Like(Base):
    """A person likes a post. The ids are the order of the likes."""

    __tablename__ = "post_like"
    __table_args__ = (
        UniqueConstraint("post_id", "user_id"),
        Index("ix_post_like_user_id_id", "user_id", "id"),
        {"sqlite_autoincrement": True, **STORAGE},
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Repost(Base):
    """A person passes a post on. Its id comes from the same row of numbers as the posts'."""

    __tablename__ = "repost"
    __table_args__ = (
        UniqueConstraint("post_id", "user_id"),
        Index("ix_repost_user_id_id", "user_id", "id"),
        STORAGE,
    )

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Mention(Base):
    """A post names a person or answers them."""

    __tablename__ = "mention"
    __table_args__ = (Index("ix_mention_post_id", "post_id"), STORAGE)

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), primary_key=True)


class PostTag(Base):
    """A post has a hashtag; the tag is folded, so that #Ana and #ana are one."""

    __tablename__ = "post_tag"
    __table_args__ = (Index("ix_post_tag_post_id", "post_id"), STORAGE)

    tag: Mapped[str] = mapped_column(exact(TAG_LENGTH), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id", ondelete="CASCADE"), primary_key=True)


class DeletedPost(Base):
    """The place of a post that is gone, while there are answers to it or because moderation removed it."""

    __tablename__ = "deleted_post"
    __table_args__ = (Index("ix_deleted_post_parent_id_id", "parent_id", "id"), STORAGE)

    id: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=False)
    parent_id: Mapped[int | None] = mapped_column(Number)
    # By moderation: then the place stays for good.
    removed: Mapped[bool] = mapped_column(default=False, server_default=false())


class Hidden(Base):
    """A reader sees nothing of an author. A block is two of these, one for each side."""

    __tablename__ = "hidden"
    __table_args__ = (Index("ix_hidden_author_id", "author_id"), STORAGE)

    reader_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    mutes: Mapped[bool] = mapped_column(default=False, server_default=false())
    blocks: Mapped[bool] = mapped_column(default=False, server_default=false())
    blocked: Mapped[bool] = mapped_column(default=False, server_default=false())
