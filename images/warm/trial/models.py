from django.db import models

class Owner(models.Model):
    name = models.CharField(max_length=80, unique=True)
    email = models.EmailField(unique=True)
    bio = models.TextField(blank=True, null=True, default="")
    active = models.BooleanField(default=True)
    follows = models.ManyToManyField("self", symmetrical=False, related_name="followers")

class Tag(models.Model):
    name = models.CharField(max_length=80, unique=True)

    def __str__(self):
        return self.name

class Thing(models.Model):
    slug = models.SlugField(max_length=200, unique=True, db_index=True)
    owner = models.ForeignKey(Owner, on_delete=models.CASCADE, related_name="things")
    tags = models.ManyToManyField(Tag, related_name="things", blank=True)
    fans = models.ManyToManyField(Owner, related_name="liked")
    made = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-made", "id"]
