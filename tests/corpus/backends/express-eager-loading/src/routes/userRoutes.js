'use strict';

const { Router } = require('express');

const { asyncHandler } = require('../middleware/asyncHandler');
const { requireAuth } = require('../middleware/auth');
const userService = require('../services/userService');

const router = Router();

router.post(
  '/users',
  asyncHandler(async (req, res) => {
    res.status(201).json({ user: await userService.register(req.body.user || {}) });
  })
);

router.post(
  '/users/login',
  asyncHandler(async (req, res) => {
    res.json({ user: await userService.login(req.body.user || {}) });
  })
);

router.get(
  '/user',
  requireAuth,
  asyncHandler(async (req, res) => {
    res.json({ user: await userService.getCurrent(req.userId) });
  })
);

router.put(
  '/user',
  requireAuth,
  asyncHandler(async (req, res) => {
    res.json({ user: await userService.updateCurrent(req.userId, req.body.user || {}) });
  })
);

module.exports = router;
