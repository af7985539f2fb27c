using System;
using System.Reflection;

// A startup hook, as the runtime wants it: this name, no namespace. It says whose it is by its assembly's name.
internal class StartupHook {
    public static void Initialize() {
        string name = typeof(StartupHook).GetTypeInfo().Assembly.GetName().Name;
        Console.WriteLine("hook: " + name + " ran");
        if (name == "own") AppDomain.CurrentDomain.SetData("shop.own", "seen");
    }
}
