from models.article import Article, ArticleFilter
from repositories.database import get_connection

COLUMNS = "a.id, a.slug, a.title, a.description, a.body, a.author_id, a.created_at, a.updated_at"


def find_by_slug(slug: str) -> Article | None:
    with get_connection() as connection:
        row = connection.execute(
            f"SELECT {COLUMNS} FROM articles a WHERE a.slug = ?", (slug,)
        ).fetchone()
    return Article(**dict(row)) if row else None


def slug_exists(slug: str) -> bool:
    return find_by_slug(slug) is not None


def create(
    slug: str, title: str, description: str, body: str, tags: list[str], author_id: int, now: str
) -> Article:
    with get_connection() as connection:
        cursor = connection.execute(
            "INSERT INTO articles (slug, title, description, body, author_id, created_at, "
            "updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (slug, title, description, body, author_id, now, now),
        )
        connection.executemany(
            "INSERT OR IGNORE INTO article_tags (article_id, position, tag) VALUES (?, ?, ?)",
            [(cursor.lastrowid, position, tag) for position, tag in enumerate(tags)],
        )
    return find_by_slug(slug)


def save(article: Article) -> None:
    with get_connection() as connection:
        connection.execute(
            "UPDATE articles SET slug = ?, title = ?, description = ?, body = ?, updated_at = ? "
            "WHERE id = ?",
            (
                article.slug,
                article.title,
                article.description,
                article.body,
                article.updated_at,
                article.id,
            ),
        )


def delete(article_id: int) -> None:
    with get_connection() as connection:
        connection.execute("DELETE FROM articles WHERE id = ?", (article_id,))


def search(criteria: ArticleFilter) -> tuple[list[Article], int]:
    """Return one page of matching articles, newest first, and the number of all matches."""
    conditions, params = ["1 = 1"], []
    if criteria.tag is not None:
        conditions.append("a.id IN (SELECT article_id FROM article_tags WHERE tag = ?)")
        params.append(criteria.tag)
    if criteria.author is not None:
        conditions.append("a.author_id IN (SELECT id FROM users WHERE username = ?)")
        params.append(criteria.author)
    if criteria.favorited is not None:
        conditions.append(
            "a.id IN (SELECT f.article_id FROM favorites f JOIN users u ON u.id = f.user_id "
            "WHERE u.username = ?)"
        )
        params.append(criteria.favorited)
    if criteria.feed_of is not None:
        conditions.append("a.author_id IN (SELECT followed_id FROM follows WHERE follower_id = ?)")
        params.append(criteria.feed_of)
    where = " AND ".join(conditions)

    with get_connection() as connection:
        total = connection.execute(
            f"SELECT COUNT(*) FROM articles a WHERE {where}", params
        ).fetchone()[0]
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM articles a WHERE {where} "
            "ORDER BY a.created_at DESC, a.id DESC LIMIT ? OFFSET ?",
            [*params, criteria.limit, criteria.offset],
        ).fetchall()
    return [Article(**dict(row)) for row in rows], total


def tags_of(article_id: int) -> list[str]:
    with get_connection() as connection:
        rows = connection.execute(
            "SELECT tag FROM article_tags WHERE article_id = ? ORDER BY position", (article_id,)
        ).fetchall()
    return [row["tag"] for row in rows]


def all_tags() -> list[str]:
    with get_connection() as connection:
        rows = connection.execute("SELECT DISTINCT tag FROM article_tags ORDER BY tag").fetchall()
    return [row["tag"] for row in rows]


def add_favorite(user_id: int, article_id: int) -> None:
    with get_connection() as connection:
        connection.execute(
            "INSERT OR IGNORE INTO favorites (user_id, article_id) VALUES (?, ?)",
            (user_id, article_id),
        )


def remove_favorite(user_id: int, article_id: int) -> None:
    with get_connection() as connection:
        connection.execute(
            "DELETE FROM favorites WHERE user_id = ? AND article_id = ?", (user_id, article_id)
        )


def is_favorited(user_id: int, article_id: int) -> bool:
    with get_connection() as connection:
        row = connection.execute(
            "SELECT 1 FROM favorites WHERE user_id = ? AND article_id = ?", (user_id, article_id)
        ).fetchone()
    return row is not None


def count_favorites(article_id: int) -> int:
    with get_connection() as connection:
        return connection.execute(
            "SELECT COUNT(*) FROM favorites WHERE article_id = ?", (article_id,)
        ).fetchone()[0]
