"""What an operator does with a WeChat account: `xiangyin wechat`."""
