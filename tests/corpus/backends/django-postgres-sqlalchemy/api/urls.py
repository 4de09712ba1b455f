from django.urls import path

from api.views import articles, base, comments, profiles, users

urlpatterns = [
    path("health-check", base.health_check),
    path("users", users.RegisterView.as_view()),
    path("users/login", users.LoginView.as_view()),
    path("user", users.CurrentUserView.as_view()),
    path("profiles/<str:username>", profiles.ProfileView.as_view()),
    path("profiles/<str:username>/follow", profiles.FollowView.as_view()),
    path("articles", articles.ArticleListView.as_view()),
    path("articles/feed", articles.FeedView.as_view()),
    path("articles/<str:slug>", articles.ArticleView.as_view()),
    path("articles/<str:slug>/favorite", articles.FavoriteView.as_view()),
    path("articles/<str:slug>/comments", comments.CommentListView.as_view()),
    path("articles/<str:slug>/comments/<int:comment_id>", comments.CommentView.as_view()),
    path("tags", articles.TagListView.as_view()),
]
