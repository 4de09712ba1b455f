import { notFound, unauthorized } from '../lib/errors.js';
import { profileView } from './views.js';

export class ProfileService {
  constructor(users) {
    this.users = users;
  }

  get(username, viewerId) {
    return profileView(this.#find(username), this.users.findById(viewerId));
  }

  follow(username, viewerId) {
    const viewer = this.#viewer(viewerId);
    const target = this.#find(username);
    viewer.follow(target);
    return profileView(target, viewer);
  }

  unfollow(username, viewerId) {
    const viewer = this.#viewer(viewerId);
    const target = this.#find(username);
    viewer.unfollow(target);
    return profileView(target, viewer);
  }

  #viewer(viewerId) {
    const viewer = this.users.findById(viewerId);
    if (viewer === null) {
      throw unauthorized('unknown user');
    }
    return viewer;
  }

  #find(username) {
    const user = this.users.findByUsername(username);
    if (user === null) {
      throw notFound('profile');
    }
    return user;
  }
}
