/** The shapes that leave the services, as the API contract names them. */

export function profileView(user, viewer) {
  return {
    username: user.username,
    bio: user.bio,
    image: user.image,
    following: viewer !== null && viewer.follows(user),
  };
}

export function articleView(article, author, viewer) {
  return {
    slug: article.slug,
    title: article.title,
    description: article.description,
    body: article.body,
    tagList: article.tagList,
    createdAt: article.createdAt.toISOString(),
    updatedAt: article.updatedAt.toISOString(),
    favorited: article.isFavoritedBy(viewer),
    favoritesCount: article.favoritesCount,
    author: profileView(author, viewer),
  };
}

export function commentView(comment, author, viewer) {
  return {
    id: comment.id,
    createdAt: comment.createdAt.toISOString(),
    updatedAt: comment.updatedAt.toISOString(),
    body: comment.body,
    author: profileView(author, viewer),
  };
}
