import { invalid, unauthorized } from '../lib/errors.js';
import { signToken } from '../lib/jwt.js';
import { checkPassword, hashPassword } from '../lib/password.js';
import { assertNotBlank, assertPresent } from '../lib/validate.js';

export class UserService {
  constructor(users) {
    this.users = users;
  }

  register(fields) {
    assertPresent(fields, ['username', 'email', 'password']);
    this.#assertUnique(fields);
    const user = this.users.create({
      username: fields.username,
      email: fields.email,
      passwordHash: hashPassword(fields.password),
    });
    return this.#toView(user);
  }

  login(fields) {
    assertPresent(fields, ['email', 'password']);
    const user = this.users.findByEmail(fields.email);
    if (user === null || !checkPassword(fields.password, user.passwordHash)) {
      throw unauthorized('email or password is invalid');
    }
    return this.#toView(user);
  }

  current(userId) {
    return this.#toView(this.#require(userId));
  }

  update(userId, fields) {
    const user = this.#require(userId);
    assertNotBlank(fields, ['username', 'email', 'password']);
    this.#assertUnique(fields, user);
    for (const key of ['username', 'email', 'bio', 'image']) {
      if (fields[key] !== undefined) {
        user[key] = fields[key];
      }
    }
    if (fields.password !== undefined) {
      user.passwordHash = hashPassword(fields.password);
    }
    return this.#toView(user);
  }

  #require(userId) {
    const user = this.users.findById(userId);
    if (user === null) {
      throw unauthorized('unknown user');
    }
    return user;
  }

  #assertUnique({ email, username }, self = null) {
    const taken = (other) => other !== null && other !== self;
    if (email !== undefined && taken(this.users.findByEmail(email))) {
      throw invalid('email has already been taken');
    }
    if (username !== undefined && taken(this.users.findByUsername(username))) {
      throw invalid('username has already been taken');
    }
  }

  #toView(user) {
    return {
      email: user.email,
      token: signToken({ sub: user.id }),
      username: user.username,
      bio: user.bio,
      image: user.image,
    };
  }
}
