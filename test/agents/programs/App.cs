using System;

// What an app is to the CLR's profiler and to startup hooks: a process. It ends when its input does.
public class App {
    public static void Main() {
        Console.WriteLine("own value: " + (AppContext.GetData("shop.own") ?? "null"));
        Console.WriteLine("app answered: 200");
        while (Console.Read() >= 0) { }
    }
}
