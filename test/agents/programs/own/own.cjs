globalThis.shopOwn = 'seen';
