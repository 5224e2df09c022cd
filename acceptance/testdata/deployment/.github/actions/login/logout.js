if (process.env.STATE_session !== `session of ${process.env.PLACE}`) process.exit(1);
console.log(`logged out of ${process.env.PLACE}`);
