'use strict';

const { Router } = require('express');

const { requireAuth } = require('../middleware/auth');
const userService = require('../services/userService');

const router = Router();

router.post('/users', (req, res) => {
  res.status(201).json({ user: userService.register(req.body.user || {}) });
});

router.post('/users/login', (req, res) => {
  res.json({ user: userService.login(req.body.user || {}) });
});

router.get('/user', requireAuth, (req, res) => {
  res.json({ user: userService.getCurrent(req.userId) });
});

router.put('/user', requireAuth, (req, res) => {
  res.json({ user: userService.updateCurrent(req.userId, req.body.user || {}) });
});

module.exports = router;
